#pragma once
#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <earshot/dataset.hpp>

#include "protocol/datasets.hpp"
#include "worker/dataset/left_out.hpp"
#include "worker/dataset/records.hpp"

namespace earshot::worker {

/// Looks for what is wrong with a dataset's items, all of them, without hearing any. Items are
/// given in order; a dataset is asked again for the few that might be equal.
///
///   missing_audio             files that do not exist
///   empty_audio               files of 0 bytes, or that Git LFS has in their place
///   left_out                  files in the dataset's folders that look like audio and are in no
///                             item (worker/dataset/left_out.hpp)
///   left_out_rows             rows of the dataset's tables that are in no item, as its options say
///   no_audio                  items without a clip
///   missing_second_clip       questions of format `compare` on one clip
///   empty_question, empty_answer
///   answer_not_among_choices
///   no_choices                questions of format `multiple_choice` with fewer than two
///   duplicate_choices         choices that are equal but for letters' case
///   duplicate_ids
///   absolute_ids              ids that are absolute paths: other ones on another machine
///   look_alikes               classes of a label, groups or slices that differ only in spaces,
///                             case, or their Unicode form
///   list_labels               classes that are a list written into one text
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

  /// Every check, also those that found nothing, or whose kind of item the dataset does not have.
  /// To be asked once, when all items were added.
  std::vector<protocol::LintCheck> checks();
  /// Which of these look at something that the dataset has, once they were asked for.
  const std::set<std::string>& applying() const { return applying_; }
  /// The files that are there, in order of first use, with the first split or fold that uses each.
  const std::vector<protocol::LintFile>& files() const { return files_; }

 private:
  /// Which splits or folds use something.
  struct Use {
    std::int64_t part = 0, item = 0;  ///< the first
    bool reported = false;
  };
  protocol::LintCheck& check_named(const std::string& check);
  void report(const std::string& check, const std::string& example);
  void report_if_alike(const std::string& kind, const std::set<std::string>& values);
  /// What labels are called after.
  void check_classes();
  /// Notes the checks that look at something which the items have.
  void apply(const Item& item);
  void apply(std::initializer_list<const char*> checks);
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
  std::set<std::string> applying_{};
  std::vector<protocol::LintFile> files_{};
  LeftOutFinder left_out_;
  FileNumbers numbers_{};
  std::set<std::int64_t> parts_{};  ///< splits and folds
  std::vector<Use> file_uses_{};
  std::unordered_map<std::string, std::unordered_map<std::string, Use>> groups_{};
  std::map<std::string, std::set<std::string>> slices_{};
  std::unordered_map<std::size_t, std::int64_t> ids_{}, questions_{};  ///< hash, first item
};

}  // namespace earshot::worker
