#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <earshot/dataset.hpp>

#include "protocol/messages.hpp"
#include "worker/dataset/records.hpp"

namespace earshot::worker {

/// Looks for what is wrong with a dataset's items, all of them, without hearing any. Items are
/// given in order; a dataset is asked again for the few that might be equal.
///
///   missing_audio             files that are not there
///   no_audio                  items without a clip
///   missing_second_clip       questions of format `compare` on one clip
///   empty_question, empty_answer
///   answer_not_among_choices
///   no_choices                questions of format `multiple_choice` with fewer than two
///   duplicate_choices         choices that are equal but for letters' case
///   duplicate_ids
///   duplicates                items with the same clips, question and answers (or labels)
///   contradictions            the same clips and question, but answers that have none in common,
///                             where these are choices or three words at most; or other labels
///   shared_audio              files that are used in more than one split, or more than one fold
///   shared_<dimension>        groups that are
///   refused                   other items that a run refuses
class Lint {
 public:
  /// `examples`: how many to keep of each.
  Lint(const Dataset& dataset, std::size_t examples);

  void add(const Item& item, std::int64_t index);

  /// Every check, also those that found nothing.
  std::vector<protocol::LintCheck> checks() const;
  /// The files that are there, in order of first use, with the first split or fold that uses each.
  const std::vector<protocol::LintFile>& files() const { return files_; }

 private:
  /// Which splits or folds use something.
  struct Use {
    std::int64_t part = 0, item = 0;  ///< the first
    bool reported = false;
  };
  void report(const std::string& check, const std::string& example);
  /// Notes a use of a thing; reports one that is used in another part of the data before.
  void use(Use& first, bool fresh, const Item& item, std::int64_t index, const std::string& check,
           const std::string& what);
  void check_question(const Item& item);
  void check_audio(const Item& item, std::int64_t index);
  void check_groups(const Item& item, std::int64_t index);
  void compare_with_others(const Item& item, std::int64_t index);

  const Dataset& dataset_;
  std::size_t kept_;
  std::vector<LabelSpec> labels_;
  std::vector<protocol::LintCheck> checks_{};
  std::vector<protocol::LintFile> files_{};
  FileNumbers numbers_{};
  std::vector<Use> file_uses_{};
  std::unordered_map<std::string, std::unordered_map<std::string, Use>> groups_{};
  std::unordered_map<std::size_t, std::int64_t> ids_{}, questions_{};  ///< hash, first item
};

}  // namespace earshot::worker
