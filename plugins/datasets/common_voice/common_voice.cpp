#include "common_voice.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <earshot/kit/splits.hpp>
#include <earshot/kit/table.hpp>

namespace common_voice {

using earshot::DataError;
using earshot::Split;
namespace fs = std::filesystem;
using Fields = std::vector<std::string>;

namespace {

/// What columns that may be missing become. The first `label_kinds` are labels, the others slices.
struct Kind {
  const char* name;
  std::array<const char*, 2> columns;  ///< in which versions have it
};
constexpr std::array<Kind, 6> all_kinds = {{{"age", {"age", "age"}},
                                            {"gender", {"gender", "gender"}},
                                            {"accent", {"accents", "accent"}},
                                            {"variant", {"variant", "variant"}},
                                            {"segment", {"segment", "segment"}},
                                            {"licence", {"license", "licence"}}}};
constexpr std::size_t label_kinds = 4;

Fields fields_of(const std::string& line) {
  Fields fields;
  for (std::size_t start = 0;;) {
    const auto tab = line.find('\t', start);
    fields.push_back(line.substr(start, tab - start));
    if (tab == std::string::npos) return fields;
    start = tab + 1;
  }
}

/// The names in the first line of a table.
class Header {
 public:
  Header(Fields names, std::string place) : names_(std::move(names)), place_(std::move(place)) {}

  std::size_t count() const { return names_.size(); }
  const std::string* cell(const Fields& fields, const char* name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    return found == names_.end() ? nullptr
                                 : &fields[static_cast<std::size_t>(found - names_.begin())];
  }
  void require(const char* name) const {
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) return;
    std::string there;
    for (const auto& column : names_)
      there += (there.empty() ? "'" : ", '") + column + "'";
    throw DataError(place_ + ": has no column '" + name + "'; there are " + there +
                    ". Expected a table of Common Voice, with names in its first row and tabs "
                    "between its columns");
  }

 private:
  Fields names_;
  std::string place_;
};

/// The file of a row: tables of the first versions leave out the ending of the name.
std::string file_of(const std::string& path, const std::string& place) {
  const fs::path name(path);
  if (path.empty() || name != name.filename() || path == "." || path == "..")
    throw DataError(place + ": path is '" + path +
                    "'; expected the name of a file in the folder clips");
  return name.has_extension() ? path : path + ".mp3";
}

}  // namespace

earshot::OptionSchema CommonVoice::options() {
  earshot::OptionSchema schema = {
      {.name = "root",
       .value = earshot::Path{},
       .help = "Folder of a language, with train.tsv, dev.tsv, test.tsv and the folder clips",
       .required = true},
      {.name = "table",
       .value = std::string("published"),
       .help = "published: the splits train.tsv, dev.tsv and test.tsv; validated: all clips of "
               "validated.tsv, which is several times as much, split by `seed` in whole speakers",
       .choices = {"published", "validated"}},
  };
  for (auto& option : earshot::kit::split_options("with table = \"validated\""))
    schema.push_back(std::move(option));
  return schema;
}

CommonVoice::CommonVoice(const earshot::Options& options, const earshot::Context&)
    : clips_(options.path("root") / "clips") {
  const auto& root = options.path("root");
  const bool validated = options.text("table") == "validated";
  const std::vector<std::pair<const char*, Split>> published = {
      {"train.tsv", Split::train}, {"dev.tsv", Split::validation}, {"test.tsv", Split::test}};
  const std::vector<std::pair<const char*, Split>> all = {{"validated.tsv", Split::train}};
  for (const auto& [table, split] : validated ? all : published)
    if (const auto file = root / table; fs::exists(file)) read(file, split);
  const std::string names = validated ? "validated.tsv" : "train.tsv, dev.tsv or test.tsv";
  if (rows_.empty())
    throw DataError("root '" + root.string() + "' has no " + names +
                    " with rows; expected the folder of a language of Common Voice");
  check_unique();
  declare_labels();
  if (validated) splits_ = earshot::kit::draw_splits(*this, options);
}

std::int32_t CommonVoice::Texts::number_of(const std::string& text) {
  const auto [known, is_new] = numbers.emplace(text, static_cast<std::int32_t>(texts.size()));
  if (is_new) texts.push_back(text);
  return known->second;
}

void CommonVoice::read(const fs::path& table, Split split) {
  static_assert(all_kinds.size() == kinds);
  const auto number = static_cast<std::uint32_t>(sources_.size());
  sources_.push_back(table);
  std::optional<Header> header;
  constexpr char none = '\x1f';  // a separator that no table has, so that a line is one field
  earshot::kit::read_csv(table, none, [&](const earshot::kit::TableRow& line) {
    Row row{.table = number, .line = line.line};
    auto fields = fields_of(line.fields.front());
    if (!header) {
      header.emplace(std::move(fields), place(row));
      for (const auto* column : {"client_id", "path", "sentence"})
        header->require(column);
      return;
    }
    if (fields.size() != header->count())
      throw DataError(place(row) + ": has " + std::to_string(fields.size()) + " fields; expected " +
                      std::to_string(header->count()) +
                      ", as in the header. A tab or a line break in a sentence would do this");
    const auto& speaker = *header->cell(fields, "client_id");
    if (speaker.empty())
      throw DataError(place(row) +
                      ": client_id is empty; expected the speaker, since clips of one "
                      "speaker must not be in two splits");
    row.file = file_of(*header->cell(fields, "path"), place(row));
    row.sentence = *header->cell(fields, "sentence");
    row.speaker = speakers_.number_of(speaker);
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      row.values[kind] = -1;
      for (const auto* column : all_kinds[kind].columns)
        if (const auto* cell = header->cell(fields, column); cell != nullptr && !cell->empty())
          row.values[kind] = values_[kind].number_of(*cell);
    }
    rows_.push_back(std::move(row));
    splits_.push_back(split);
  });
  if (!header)
    throw DataError(table.filename().string() +
                    ": is empty; expected a row of names. Unpack the archive again");
}

std::string CommonVoice::place(const Row& row) const {
  return sources_[row.table].filename().string() + ":" + std::to_string(row.line);
}

void CommonVoice::check_unique() const {
  std::vector<const Row*> sorted;
  for (const auto& row : rows_)
    sorted.push_back(&row);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Row* a, const Row* b) { return a->file < b->file; });
  const auto twice = std::adjacent_find(
      sorted.begin(), sorted.end(), [](const Row* a, const Row* b) { return a->file == b->file; });
  if (twice == sorted.end()) return;
  throw DataError(place(**std::next(twice)) + ": names the clip '" + (*twice)->file +
                  "' again, which " + place(**twice) + " has; expected each clip once");
}

void CommonVoice::declare_labels() {
  for (std::size_t kind = 0; kind < label_kinds; ++kind) {
    auto classes = values_[kind].texts;
    if (classes.empty()) continue;
    std::sort(classes.begin(), classes.end());
    labels_.push_back({.name = all_kinds[kind].name, .classes = std::move(classes)});
  }
  labels_.push_back({.name = "transcript"});
}

earshot::Item CommonVoice::item(std::int64_t index) const {
  const auto& row = rows_[static_cast<std::size_t>(index)];
  earshot::Item item{
      .id = row.file,
      .split = splits_[static_cast<std::size_t>(index)],
      .groups = {{"speaker", speakers_.texts[static_cast<std::size_t>(row.speaker)]}},
      .clips = {{.file = clips_ / row.file}}};
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    if (row.values[kind] < 0) continue;
    const auto& text = values_[kind].texts[static_cast<std::size_t>(row.values[kind])];
    if (kind < label_kinds)
      item.labels[all_kinds[kind].name] = text;
    else
      item.slices[all_kinds[kind].name] = text;
  }
  if (!row.sentence.empty()) item.labels["transcript"] = row.sentence;
  return item;
}

}  // namespace common_voice
