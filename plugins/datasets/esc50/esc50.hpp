#pragma once
#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

namespace esc50 {

/// The user's copy of ESC-50 or ESC-10 (Piczak 2015), in either of the published layouts:
///
///   meta/esc50.csv, audio/1-100032-A-0.wav        the present one
///   001 - Dog bark/1-30226-A.ogg, 101 - Dog/...   the first release, a folder per class
///
/// A file is also found if its extension differs from the one in the table. Label `class`; ESC-50
/// also has `major`, the five groups of ten classes. Folds 1 to 5; group `clip` is the recording
/// from which a clip was cut. Items are ordered by class, then by file name; the classes of ESC-10
/// are in the order of its first release, on which the published numbers depend.
class Esc50 final : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();
  Esc50(const earshot::Options& options, const earshot::Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(items_.size()); }
  std::vector<earshot::LabelSpec> labels() const override;
  earshot::Item item(std::int64_t index) const override;
  std::vector<std::filesystem::path> sources() const override { return sources_; }

 private:
  /// Name of a file, its class (of all 50), its fold and the recording from which it was cut.
  struct Entry {
    std::filesystem::path file{};
    std::int64_t target = 0, fold = 0;
    std::string recording{};
  };
  void read_table(const std::filesystem::path& root);
  void read_folders(const std::filesystem::path& root);
  std::int64_t rank(std::int64_t target) const;  ///< rank of a class; -1: not included

  bool ten_ = false;
  std::vector<std::int64_t> targets_{};  ///< numbers of the classes, in rank order
  std::vector<Entry> items_{};
  std::vector<std::filesystem::path> sources_{};
};

}  // namespace esc50
