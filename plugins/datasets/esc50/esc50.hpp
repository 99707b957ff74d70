#pragma once
#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

namespace esc50 {

/// ESC-50 or ESC-10 (Piczak 2015) where the user has it, in either of the layouts that it was
/// published in:
///
///   meta/esc50.csv, audio/1-100032-A-0.wav        the present one
///   001 - Dog bark/1-30226-A.ogg, 101 - Dog/...   the first release, a folder per class
///
/// A file that the table names with another ending than it has here is found all the same. Label
/// `class`; ESC-50 has `major` beside it, the five groups of ten. Folds 1 to 5; group `clip` is the
/// recording that a clip was cut from. Items are ordered by class, then by file name; the classes
/// of ESC-10 are in the order of its first release, which the published numbers depend on.
class Esc50 final : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();
  Esc50(const earshot::Options& options, const earshot::Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(items_.size()); }
  std::vector<earshot::LabelSpec> labels() const override;
  earshot::Item item(std::int64_t index) const override;
  std::vector<std::filesystem::path> sources() const override { return sources_; }

 private:
  /// Name of a file, its class (of all 50), its fold and the recording that it is from.
  struct Entry {
    std::filesystem::path file{};
    std::int64_t target = 0, fold = 0;
    std::string recording{};
  };
  void read_table(const std::filesystem::path& root);
  void read_folders(const std::filesystem::path& root);
  std::int64_t rank(std::int64_t target) const;  ///< in the order of the classes; -1: not in it

  bool ten_ = false;
  std::vector<std::int64_t> targets_{};  ///< numbers of the classes, in their order
  std::vector<Entry> items_{};
  std::vector<std::filesystem::path> sources_{};
};

}  // namespace esc50
