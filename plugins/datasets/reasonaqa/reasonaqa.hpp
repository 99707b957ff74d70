#pragma once
#include <array>
#include <unordered_map>

#include <earshot/dataset.hpp>
#include <earshot/kit/records.hpp>
#include <earshot/options.hpp>

#include "rules.hpp"
#include "text_pool.hpp"

namespace reasonaqa {

/// ReasonAQA (Deshmukh et al. 2025, "Mellow: a small audio language model for reasoning"), or JSON
/// of the same shape: an array of objects with filepath1, filepath2 ("" unless the question is
/// about two clips), input, answer, and optionally taskname, subtype, caption1, caption2.
///
/// An item is a row, in the order of the files. Its id is its split, its number in its file and a
/// hash of its texts: "test-17-5f3a9c01". Lettered choices are parsed from the question, and the
/// answer is the choice that it means. Slices `format`, `category`, `content` and `gold_from` come
/// from the rules (rules.hpp), `subtype` is as written. Groups `clip` and `second_clip` are the
/// file's name without folder and extension, so that a recording is recognised in every split.
/// Labels `caption` and `second_caption` are text.
class ReasonAqa final : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();
  /// @throws DataError without any file, or for one of another shape.
  ReasonAqa(const earshot::Options& options, const earshot::Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(rows_.size()); }
  std::vector<earshot::LabelSpec> labels() const override;
  earshot::Item item(std::int64_t index) const override;
  std::vector<std::filesystem::path> sources() const override { return sources_; }
  earshot::LeftOutRows left_out() const override { return left_out_; }
  std::map<earshot::SliceRole, std::string> slice_roles() const override {
    return {{earshot::SliceRole::answer_origin, "gold_from"}};
  }

 private:
  /// Indices of texts and of paths.
  struct Row {
    std::array<std::uint32_t, 2> paths{}, captions{};
    std::uint32_t question = 0, answer = 0, number = 0;
    std::uint16_t subtype = 0;  ///< index in subtypes_
    Format format = Format::open;
    std::uint8_t topic = 0, split = 0;
  };
  /// The folder of a corpus, and the folders found there by their name in the data.
  struct Root {
    std::filesystem::path folder{};
    std::unordered_map<std::string, std::filesystem::path> folders{};
  };

  void read(const std::filesystem::path& file, std::uint8_t split);
  void add(const earshot::kit::RecordFile& file, const earshot::kit::Record& record,
           std::uint8_t split);
  std::uint32_t add_path(const std::string& written, bool clotho);
  std::uint16_t add_subtype(const std::string& name);
  Format format_of(const Row& row, const std::string& question) const;
  earshot::Question question_of(const Row& row) const;
  std::string id_of(const Row& row) const;

  Rules rules_;
  Root audiocaps_, clotho_;
  bool leave_out_;
  earshot::LeftOutRows left_out_{};
  std::vector<std::filesystem::path> sources_{};
  std::vector<Row> rows_{};
  TextPool texts_{}, paths_{};
  std::vector<std::string> files_{};      ///< by index of a path, on this machine
  std::vector<std::uint8_t> topics_{};    ///< by index of a question's text
  std::vector<std::string> subtypes_{};   ///< as written
  std::vector<Subtype> subtype_rules_{};  ///< their rules
};

}  // namespace reasonaqa
