#pragma once
#include <array>
#include <unordered_map>

#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

namespace common_voice {

/// One language of Mozilla Common Voice (Ardila et al. 2020), as its archive unpacks: train.tsv,
/// dev.tsv, test.tsv, validated.tsv, and the recordings in clips.
///
/// Read are the columns client_id, path and sentence, and if they are there age, gender, accents
/// (accent up to version 7), variant, segment, and license or licence. An empty cell is an unknown
/// label. Labels: `age`, `gender`, `accent` and `variant`, the classes as written, each only if a
/// row has one; `transcript`, the sentence. Group: `speaker`, the client_id. Slices: `segment` and
/// `licence` if they are not empty. The id of an item is its path. A clip that is missing is an
/// item whose audio is missing. Items are in the order of the tables.
///
/// The tables are written without quoting: a tab separates, a line break ends a row, and quotes
/// belong to the sentence.
class CommonVoice final : public earshot::Dataset {
 public:
  static earshot::OptionSchema options();
  /// @throws DataError without any row, and `<file>:<line>: ...` for a table that is not as
  /// published: a missing column, another number of fields than the header has, a row without
  /// client_id, a path that is not the name of a file, a clip that is named twice.
  CommonVoice(const earshot::Options& options, const earshot::Context& context);

  std::int64_t size() const override { return static_cast<std::int64_t>(rows_.size()); }
  std::vector<earshot::LabelSpec> labels() const override { return labels_; }
  earshot::Item item(std::int64_t index) const override;
  std::vector<std::filesystem::path> sources() const override { return sources_; }

 private:
  static constexpr std::size_t kinds = 6;  ///< of labels and slices, in the order of the .cpp
  /// Different texts, each kept once and numbered from 0: a language has millions of rows.
  struct Texts {
    std::int32_t number_of(const std::string& text);
    std::vector<std::string> texts{};
    std::unordered_map<std::string, std::int32_t> numbers{};
  };
  struct Row {
    std::string file{}, sentence{};  ///< the file is in clips
    std::int32_t speaker = 0;
    std::array<std::int32_t, kinds> values{};  ///< numbers of texts; -1: unknown
    std::uint32_t table = 0;                   ///< in sources_
    std::int64_t line = 0;
  };
  void read(const std::filesystem::path& table, earshot::Split split);
  void check_unique() const;
  void declare_labels();
  std::string place(const Row& row) const;

  std::filesystem::path clips_;
  std::vector<Row> rows_{};
  std::vector<earshot::Split> splits_{};  ///< of the rows
  Texts speakers_{};
  std::array<Texts, kinds> values_{};
  std::vector<earshot::LabelSpec> labels_{};
  std::vector<std::filesystem::path> sources_{};  ///< the tables
};

}  // namespace common_voice
