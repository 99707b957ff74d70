#pragma once
#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

namespace clotho {

/// Clotho-AQA (Lipping et al. 2022), as published:
///
///   clotho_aqa_{train,val,test}.csv  file_name, QuestionText, answer, confidence
///   audio_files/                     the clips
///
/// Three people answered each question, often differently. Items are, in the order of the tables,
///   all        every answer: the same question up to three times, with gold that contradicts
///   unanimous  questions that all answered alike
///   majority   questions that more than half answered alike
/// Upper and lower case and spaces are ignored in this comparison. Group `clip` is the clip.
class ClothoAqa final : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();
  /// @throws DataError without any table, or for one that is not as published.
  ClothoAqa(const earshot::Options& options, const earshot::Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(items_.size()); }
  std::vector<earshot::LabelSpec> labels() const override { return {}; }
  earshot::Item item(std::int64_t index) const override {
    return items_[static_cast<std::size_t>(index)];
  }
  std::vector<std::filesystem::path> sources() const override { return sources_; }
  /// Those on whose answers people do not agree as the option `answers` demands, and faulty ones.
  earshot::LeftOutRows left_out() const override { return left_out_; }
  std::map<earshot::SliceRole, std::string> slice_roles() const override {
    return {{earshot::SliceRole::answer_origin, "gold_from"}};
  }

 private:
  void read(const std::filesystem::path& file, const std::string& part, earshot::Split split,
            const earshot::Options& options);

  std::vector<earshot::Item> items_{};
  std::vector<std::filesystem::path> sources_{};
  earshot::LeftOutRows left_out_{};
};

}  // namespace clotho
