#pragma once
#include <utility>

#include <earshot/dataset.hpp>
#include <earshot/kit/records.hpp>
#include <earshot/options.hpp>

namespace mmau {

/// The names that a benchmark's JSON uses.
struct Layout {
  std::string name{};                                         ///< of the benchmark, for messages
  std::string audio{};                                        ///< key of the audio file
  std::vector<std::pair<std::string, std::string>> slices{};  ///< key, and dimension of the slice
  /// Whether ids have the form "<YouTube id>_hh-mm-ss_hh-mm-ss": then group `source` is the video.
  bool ids_of_videos = false;
};

/// Multiple-choice questions from a JSON array or JSON Lines, all of them test items, in the order
/// of the file. Choices and answer are as written, even if a choice occurs twice. A list becomes
/// one slice, its texts joined; null gives no slice. Group `clip` is the audio file's name without
/// extension.
class Benchmark : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();

  std::int64_t size() const override { return static_cast<std::int64_t>(items_.size()); }
  std::vector<earshot::LabelSpec> labels() const override { return {}; }
  earshot::Item item(std::int64_t index) const override {
    return items_[static_cast<std::size_t>(index)];
  }
  std::vector<std::filesystem::path> sources() const override { return {file_}; }
  earshot::LeftOutRows left_out() const override { return left_out_; }
  std::map<earshot::SliceRole, std::string> slice_roles() const override {
    return {{earshot::SliceRole::answer_origin, "gold_from"}};
  }

 protected:
  /// @throws DataError for a file with another layout, or without a single answer.
  Benchmark(const earshot::Options& options, const Layout& layout);

 private:
  earshot::Item item_of(const earshot::kit::Record& record, const Layout& layout,
                        const std::filesystem::path& root) const;

  std::filesystem::path file_;
  std::vector<earshot::Item> items_{};
  earshot::LeftOutRows left_out_{};
};

/// MMAU (Sakshi et al. 2024): slices task, difficulty, category, sub_category, source_dataset.
class Mmau final : public Benchmark {
 public:
  Mmau(const earshot::Options& options, const earshot::Context& context);
};

/// MMAR (Ma et al. 2025): slices modality, category, sub_category, language, source_dataset.
class Mmar final : public Benchmark {
 public:
  Mmar(const earshot::Options& options, const earshot::Context& context);
};

}  // namespace mmau
