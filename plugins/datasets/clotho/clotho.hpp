#pragma once
#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

namespace clotho {

/// Clotho (Drossos et al. 2020), version 2.1 as published:
///
///   clotho_captions_{development,validation,evaluation}.csv  file_name, caption_1 ... caption_5
///   clotho_metadata_{...}.csv                                file_name, sound_id ...; need not be
///   development/, validation/, evaluation/                   the clips
///
/// Splits without captions are left out. A training item is a caption; a validation or test item is
/// a clip with all its captions. Group `clip` is the clip, `source` the Freesound sound from which
/// it was cut, if the metadata name it.
class Clotho final : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();
  /// @throws DataError without any captions, or for a table that is not as published.
  Clotho(const earshot::Options& options, const earshot::Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(items_.size()); }
  std::vector<earshot::LabelSpec> labels() const override { return {}; }
  earshot::Item item(std::int64_t index) const override;
  std::vector<std::filesystem::path> sources() const override { return sources_; }
  std::map<earshot::SliceRole, std::string> slice_roles() const override {
    return {{earshot::SliceRole::answer_origin, "gold_from"}};
  }

 private:
  struct Entry {
    std::filesystem::path file{};
    std::string source{};
    std::vector<std::string> captions{};
    earshot::Split split{};
    int caption = 0;  ///< number of a training item's caption, from 1; 0: all
  };
  void read(const std::filesystem::path& root, const std::filesystem::path& audio,
            const std::string& part, earshot::Split split);

  std::string prompt_;
  std::vector<Entry> items_{};
  std::vector<std::filesystem::path> sources_{};
};

}  // namespace clotho
