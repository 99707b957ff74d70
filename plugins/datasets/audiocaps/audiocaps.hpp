#pragma once
#include <earshot/dataset.hpp>
#include <earshot/kit/table.hpp>
#include <earshot/options.hpp>

namespace audiocaps {

/// AudioCaps (Kim et al. 2019): train.csv, val.csv and test.csv as published, with audiocap_id,
/// youtube_id, start_time and caption. The audio is not published: a pattern says where each clip
/// is.
///
/// A training item is a caption; a validation or test item is a clip with all its captions (five).
/// Splits without a table are left out. Group `clip` is the video.
class AudioCaps final : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();
  /// @throws ConfigError for an invalid pattern; DataError without any table, or for one that is
  /// not as published.
  AudioCaps(const earshot::Options& options, const earshot::Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(items_.size()); }
  std::vector<earshot::LabelSpec> labels() const override { return {}; }
  earshot::Item item(std::int64_t index) const override;
  std::vector<std::filesystem::path> sources() const override { return sources_; }
  std::map<earshot::SliceRole, std::string> slice_roles() const override {
    return {{earshot::SliceRole::answer_origin, "gold_from"}};
  }

 private:
  struct Entry {
    std::string file{}, id{}, video{};
    std::vector<std::string> captions{};
    earshot::Split split{};
  };
  void read(const std::filesystem::path& table, const std::string& part, earshot::Split split);

  std::filesystem::path audio_;
  std::string pattern_, prompt_;
  std::vector<Entry> items_{};
  std::vector<std::filesystem::path> sources_{};
};

}  // namespace audiocaps
