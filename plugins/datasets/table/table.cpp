#include "table.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include <earshot/kit/questions.hpp>
#include <earshot/kit/splits.hpp>
#include <earshot/kit/table.hpp>

#include "lists.hpp"

namespace table {

using earshot::ConfigError;
using earshot::DataError;
using earshot::Item;
using earshot::Label;
using earshot::Split;
using earshot::Vector;
using earshot::kit::Record;
using Texts = std::vector<std::string>;

namespace {

std::string name_of(const std::string& column) {
  std::string name;
  for (const unsigned char letter : column)
    name += std::isalnum(letter) != 0 ? static_cast<char>(std::tolower(letter)) : '_';
  return name;
}

Split split_of(const std::string& text, const std::string& place) {
  if (const auto split = earshot::kit::split_named(text)) return *split;
  throw DataError(place + ": split is '" + text + "'; allowed: train, validation, test");
}

}  // namespace

earshot::OptionSchema Table::options() {
  const auto text = [](const char* name, const char* value, const char* help) {
    return earshot::OptionSpec{.name = name, .value = std::string(value), .help = help};
  };
  const auto texts = [](const char* name, const Texts& value, const char* help) {
    return earshot::OptionSpec{.name = name, .value = value, .help = help};
  };
  auto format = text("format", "auto", "Format of the table; auto: by its extension");
  format.choices = {"auto", "csv", "tsv", "json", "jsonl"};
  earshot::OptionSchema schema = {
      {.name = "file",
       .value = earshot::Path{},
       .help = "The table: CSV or TSV with a row of names, a JSON array of objects, or JSON Lines",
       .required = true},
      format,
      {.name = "root",
       .value = earshot::Path{},
       .help = "Folder to which audio paths are relative; empty: that of the table"},
      texts("audio", {"audio"}, "Column of the audio file; two columns if an item has two clips"),
      text("start", "", "Column of the clip's start in the file, in s"),
      text("duration", "", "Column of its duration, in s; 0: to the end"),
      text("id", "", "Column of a unique id; empty: audio file and start"),
      texts("labels", {}, "Columns of classes"),
      texts("numbers", {}, "Columns of numbers; \"rt60=s\" gives the unit"),
      texts("sets", {}, "Columns of sets of classes"),
      texts("vectors", {},
            "Columns of vectors in files next to the table: a.npy, a.npy#17 (a row), "
            "a.safetensors#name; \"voxels=%\" gives the unit"),
      text("separator", ";", "Separator of the classes of a set, or of choices"),
      text("question", "", "Column of a question about the audio"),
      text("choices", "", "Column of the answers to choose from; empty: open questions"),
      text("answer", "", "Column of the right answer, or of several right answers"),
      text("answer_origin", "",
           "Column of slices that say where the right answer comes from, such as audio or caption"),
      text("split", "", "Column of the split: train, validation or test"),
      text("fold", "", "Column of the fold: 1, 2, ..."),
      texts("groups", {}, "Columns of groups of dependent rows: speaker, room, recording"),
      texts("slices", {}, "Columns of slices, for whose values results are reported"),
  };
  for (auto& option : earshot::kit::split_options("without a column for split or fold"))
    schema.push_back(std::move(option));
  return schema;
}

Table::Table(const earshot::Options& options, const earshot::Context&)
    : file_(options.path("file")),
      root_(options.path("root").empty() ? file_.parent_path() : options.path("root")),
      separator_(options.text("separator")),
      vectors_(file_.parent_path()) {
  const auto& audio = options.texts("audio");
  if (audio.empty() || audio.size() > 2)
    throw ConfigError("audio names " + std::to_string(audio.size()) + " columns; allowed: 1 or 2");
  for (const auto& column : audio)
    audio_.push_back(use(column));
  start_ = use_if_named(options.text("start"));
  duration_ = use_if_named(options.text("duration"));
  id_ = use_if_named(options.text("id"));
  split_ = use_if_named(options.text("split"));
  fold_ = use_if_named(options.text("fold"));
  question_ = use_if_named(options.text("question"));
  choices_ = use_if_named(options.text("choices"));
  answer_ = use_if_named(options.text("answer"));
  if (question_.has_value() != answer_.has_value() || (choices_ && !question_))
    throw ConfigError(
        "question, choices and answer belong together; give columns for question and answer, or "
        "neither");
  groups_ = use_named(options.texts("groups"));
  slices_ = use_named(options.texts("slices"));
  if (const auto& origin = options.text("answer_origin"); !origin.empty()) {
    answer_origin_ = name_of(origin);
    slices_.push_back({answer_origin_, use(origin)});
  }
  declare_labels(options);
  read(options.text("format"));
  find_classes();
  find_vectors();
  check_items();
  if (!split_ && !fold_) drawn_ = earshot::kit::draw_splits(*this, options);
}

void Table::read(const std::string& format) {
  try {
    records_ = earshot::kit::read_records(file_, format, columns_);
  } catch (const DataError&) {
    // A column that an option names but the table lacks is an error in the experiment.
    const auto missing = earshot::kit::missing_column(file_, format, columns_);
    if (!missing.empty()) throw ConfigError(missing);
    throw;
  }
}

std::size_t Table::use(const std::string& column) {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found != columns_.end()) return static_cast<std::size_t>(found - columns_.begin());
  columns_.push_back(column);
  return columns_.size() - 1;
}

Table::Column Table::use_if_named(const std::string& column) {
  return column.empty() ? Column{} : Column{use(column)};
}

std::vector<Table::Named> Table::use_named(const Texts& columns) {
  std::vector<Named> result;
  for (const auto& column : columns)
    result.push_back({name_of(column), use(column)});
  return result;
}

void Table::declare_labels(const earshot::Options& options) {
  const auto declare = [&](const std::string& column, Label type, const std::string& unit = {}) {
    earshot::LabelSpec spec{.name = name_of(column), .type = std::move(type), .unit = unit};
    for (const auto& other : labels_)
      if (other.name == spec.name)
        throw ConfigError("column '" + column + "' would give a second label '" + spec.name +
                          "'; give each column once");
    labels_.push_back(std::move(spec));
    label_columns_.push_back(use(column));
  };
  for (const auto& column : options.texts("labels"))
    declare(column, std::string());
  const auto declare_with_unit = [&](const std::string& column, Label type) {
    const auto equals = column.rfind('=');
    const auto unit = equals == std::string::npos ? std::string() : column.substr(equals + 1);
    declare(column.substr(0, equals), std::move(type), unit);
  };
  for (const auto& column : options.texts("numbers"))
    declare_with_unit(column, 0.0);
  for (const auto& column : options.texts("vectors"))
    declare_with_unit(column, Vector{});
  for (const auto& column : options.texts("sets"))
    declare(column, Texts{});
}

void Table::find_classes() {
  for (std::size_t which = 0; which < labels_.size(); ++which) {
    const auto& type = labels_[which].type;
    if (std::holds_alternative<double>(type) || std::holds_alternative<Vector>(type)) continue;
    const bool set = std::holds_alternative<Texts>(type);
    std::set<std::string> values;
    for (const auto& record : records_.rows)
      for (auto& value :
           set ? list(record, label_columns_[which]) : Texts{text(record, label_columns_[which])})
        values.insert(std::move(value));
    values.erase("");
    if (values.empty())
      throw DataError(records_.name + ": column '" + columns_[label_columns_[which]] +
                      "' is empty in every row; expected a class");
    labels_[which].classes.assign(values.begin(), values.end());
  }
}

/// Finds the size of each column of vectors, which its first one decides, and their files.
void Table::find_vectors() {
  std::set<std::filesystem::path> files;
  for (std::size_t which = 0; which < labels_.size(); ++which) {
    if (!std::holds_alternative<Vector>(labels_[which].type)) continue;
    const auto column = label_columns_[which];
    for (const auto& record : records_.rows) {
      if (std::holds_alternative<std::monostate>(record.cells[column])) continue;
      if (labels_[which].size == 0) labels_[which].size = vector(record, column).numel();
      files.insert(vectors_.file(VectorPlace::of(text(record, column))));
    }
    if (labels_[which].size == 0)
      throw DataError(records_.name + ": column '" + columns_[column] +
                      "' is empty in every row; expected a file with a vector");
  }
  sources_ = {file_};
  sources_.insert(sources_.end(), files.begin(), files.end());
}

/// Builds every item once: either the whole table is valid, or it is refused with the row that is
/// wrong.
void Table::check_items() const {
  std::map<std::string, const Record*> ids;
  for (std::int64_t i = 0; i < size(); ++i) {
    const auto& record = records_.rows[static_cast<std::size_t>(i)];
    const auto [other, fresh] = ids.emplace(item(i).id, &record);
    if (!fresh)
      throw DataError(records_.place(record) + ": has the id '" + other->first + "' of " +
                      records_.place(*other->second) +
                      "; expected a unique one. Give a column with unique ids as id");
  }
}

std::string Table::text(const Record& record, std::size_t column) const {
  const auto& cell = record.cells[column];
  if (std::holds_alternative<Texts>(cell))
    throw DataError(records_.place(record) + ": '" + columns_[column] +
                    "' is a list; expected one value");
  const auto* value = std::get_if<std::string>(&cell);
  return value == nullptr ? std::string() : *value;
}

Texts Table::list(const Record& record, std::size_t column) const {
  if (const auto* values = std::get_if<Texts>(&record.cells[column])) return *values;
  const auto all = text(record, column);
  if (auto values = list_in_brackets(all)) return *std::move(values);
  if (looks_like_list(all))
    throw DataError(records_.place(record) + ": '" + columns_[column] + "' is '" + shortened(all) +
                    "'; expected a list as in JSON or Python, with quoted strings separated by "
                    "commas, or strings separated by '" +
                    separator_ + "'");
  return separated(all, separator_);
}

double Table::number(const Record& record, std::size_t column) const {
  return earshot::kit::to_number(text(record, column), records_.place(record),
                                 "'" + columns_[column] + "'");
}

at::Tensor Table::vector(const Record& record, std::size_t column) const {
  const auto cell = text(record, column);
  try {
    return vectors_.read(VectorPlace::of(cell));
  } catch (const DataError& error) {
    throw DataError(records_.place(record) + ": '" + columns_[column] + "' is '" + cell +
                    "': " + error.what());
  }
}

std::optional<Label> Table::label(const Record& record, std::size_t which) const {
  const auto column = label_columns_[which];
  if (std::holds_alternative<std::monostate>(record.cells[column])) return std::nullopt;
  const auto& type = labels_[which].type;
  if (std::holds_alternative<double>(type)) return number(record, column);
  if (std::holds_alternative<Texts>(type)) return list(record, column);
  if (!std::holds_alternative<Vector>(type)) return text(record, column);
  auto values = vector(record, column);
  if (values.numel() != labels_[which].size)
    throw DataError(records_.place(record) + ": '" + columns_[column] + "' is '" +
                    text(record, column) + "', a vector of " + std::to_string(values.numel()) +
                    " values; expected " + std::to_string(labels_[which].size) +
                    ", as in the first row that has one");
  return Vector{std::move(values)};
}

void Table::add_question(const Record& record, Item& item) const {
  auto& question = item.question.emplace();
  question.text = text(record, *question_);
  if (choices_) question.choices = list(record, *choices_);
  // An answer may contain the separator of classes; several answers are a list.
  if (const auto* several = std::get_if<Texts>(&record.cells[*answer_]))
    question.answers = *several;
  else if (auto listed = list_in_brackets(text(record, *answer_)); listed && !listed->empty())
    question.answers = *std::move(listed);
  else
    question.answers = {text(record, *answer_)};
  item.slices.try_emplace("format", earshot::kit::format_of(question, item.clips.size()));
}

std::map<earshot::SliceRole, std::string> Table::slice_roles() const {
  if (answer_origin_.empty()) return {};
  return {{earshot::SliceRole::answer_origin, answer_origin_}};
}

Item Table::item(std::int64_t index) const {
  const auto& record = records_.rows[static_cast<std::size_t>(index)];
  const auto place = records_.place(record);
  Item item;
  const auto seconds = [&](const Column& column) {
    if (!column || text(record, *column).empty()) return 0.0;
    const auto value = number(record, *column);
    if (value < 0)
      throw DataError(place + ": '" + columns_[*column] + "' is " + text(record, *column) +
                      " s; allowed: 0 or more");
    return value;
  };
  for (const auto column : audio_) {
    const auto name = text(record, column);
    if (name.empty()) {
      if (item.clips.empty())
        throw DataError(place + ": '" + columns_[column] + "' is empty; expected an audio file");
      continue;
    }
    item.clips.push_back({root_ / name, seconds(start_), seconds(duration_)});
  }
  item.id = id_ ? text(record, *id_) : text(record, audio_.front());
  if (item.id.empty()) throw DataError(place + ": the id is empty; expected a unique one");
  if (!id_ && start_) item.id.append("@").append(text(record, *start_));
  if (split_) item.split = split_of(text(record, *split_), place);
  if (!drawn_.empty()) item.split = drawn_[static_cast<std::size_t>(index)];
  if (fold_) {
    item.fold = earshot::kit::to_integer(text(record, *fold_), place, "'" + columns_[*fold_] + "'");
    if (item.fold < 1)
      throw DataError(place + ": fold is " + std::to_string(item.fold) + "; allowed: 1 or more");
  }
  for (const auto& [name, column] : groups_)
    if (auto value = text(record, column); !value.empty()) item.groups[name] = std::move(value);
  for (const auto& [name, column] : slices_)
    if (auto value = text(record, column); !value.empty()) item.slices[name] = std::move(value);
  if (question_) add_question(record, item);
  for (std::size_t which = 0; which < labels_.size(); ++which)
    if (auto value = label(record, which)) item.labels[labels_[which].name] = std::move(*value);
  return item;
}

earshot::OptionSchema Questions::options() {
  return {{.name = "file",
           .value = earshot::Path{},
           .help = "JSON array of objects with id, clip, second_clip, question, choices, answer "
                   "and split",
           .required = true,
           .role = earshot::Role::questions}};
}

Questions::Questions(const earshot::Options& options, const earshot::Context& context)
    : Table(earshot::Options(Table::options(), {{"file", earshot::Path{options.path("file")}},
                                                {"format", std::string("json")},
                                                {"audio", Texts{"clip", "second_clip"}},
                                                {"id", std::string("id")},
                                                {"question", std::string("question")},
                                                {"choices", std::string("choices")},
                                                {"answer", std::string("answer")},
                                                {"split", std::string("split")}}),
            context) {}

}  // namespace table
