#include "worker/stage/imported_predictions.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include <ATen/ATen.h>

#include <earshot/kit/random.hpp>
#include <earshot/kit/table.hpp>

#include "protocol/nearest.hpp"
#include "worker/dataset/records.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;
using protocol::Json;

/// A line of the file: the texts of a table's row, or the values of a JSON object.
struct Line {
  std::int64_t number = 0;
  Json fields{};
};

std::vector<Line> read_table(const fs::path& file) {
  const kit::Table table(file);
  for (const auto* needed : {"id", "prediction"})
    table.column(needed);
  std::vector<Line> lines;
  lines.reserve(table.rows().size());
  for (const auto& row : table.rows()) {
    auto& line = lines.emplace_back(Line{row.line, Json::object()});
    for (std::size_t column = 0; column < row.fields.size(); ++column)
      line.fields[table.columns()[column]] = row.fields[column];
  }
  return lines;
}

std::vector<Line> read_json_lines(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) throw DataError(file.string() + ": cannot be read");
  std::vector<Line> lines;
  std::int64_t number = 0;
  for (std::string text; std::getline(stream, text);) {
    ++number;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto fields = Json::parse(text, nullptr, false);
    if (!fields.is_object() || !fields.contains("id") || !fields.contains("prediction"))
      throw DataError(file.string() + ":" + std::to_string(number) +
                      ": not a JSON object with 'id' and 'prediction'; expected one per line");
    lines.push_back({number, std::move(fields)});
  }
  return lines;
}

/// The label that an evaluator predicts, if its options name one.
/// @throws ConfigError for a label of vectors.
std::optional<LabelSpec> target_of(const DatasetView& view, const protocol::ComponentRef& ref) {
  const auto& target = ref.value_of("target_label");
  if (!target.is_string()) return std::nullopt;
  auto label = view.label(target.get<std::string>());
  if (std::holds_alternative<Vector>(label.type))
    throw ConfigError("label '" + label.name +
                      "' is a vector, and predictions of vectors cannot be imported; allowed: a "
                      "label with classes, a number or a set of classes");
  return label;
}

class PredictionReader {
 public:
  PredictionReader(const fs::path& file, const DatasetView& view, std::optional<LabelSpec> target)
      : file_(file), view_(view), target_(std::move(target)) {
    for (std::int64_t i = 0; i < view.dataset().size(); ++i)
      positions_.emplace(view.dataset().item(i).id, i);
  }

  ImportedPrediction read(const Line& line) {
    place_ = file_.string() + ":" + std::to_string(line.number) + ": ";
    ImportedPrediction result{.line = line.number,
                              .item = text(line.fields, "id"),
                              .output = text(line.fields, "output")};
    if (line.fields.contains("seed")) result.seed = seed(line.fields.at("seed"));
    if (!positions_.contains(result.item))
      refuse("the dataset has no item '" + result.item + "'; its ids look like '" +
             positions_.begin()->first + "'");
    if (!seen_.emplace(result.item, result.seed).second)
      refuse("a second prediction for item '" + result.item + "' for seed " +
             std::to_string(result.seed) + "; expected one");
    result.value = value(line.fields.at("prediction"), result.item);
    result.scores = scores(line.fields, result.item);
    // A choice that was made by its score is also the reply that rules for replies judge.
    if (!target_ && result.output.empty() && !result.scores.empty() && result.value)
      result.output = std::get<std::string>(*result.value);
    return result;
  }

 private:
  using Set = std::vector<std::string>;

  static bool is_blank(const Json& given) {
    return given.is_string() &&
           given.get_ref<const std::string&>().find_first_not_of(" \t\r\n") == std::string::npos;
  }

  [[noreturn]] void refuse(const std::string& what) const { throw DataError(place_ + what); }

  std::string text(const Json& fields, const char* name) const {
    const auto found = fields.find(name);
    if (found == fields.end() || found->is_null()) return "";
    if (found->is_string()) return found->get<std::string>();
    if (found->is_number_integer()) return found->dump();  // ids are often numbers
    refuse(std::string("'") + name + "' is " + found->dump() + "; expected a string");
  }

  std::int64_t seed(const Json& value) const {
    if (value.is_number_unsigned()) return value.get<std::int64_t>();
    if (value.is_string()) return kit::to_integer(value.get<std::string>(), file_.string(), "seed");
    refuse("'seed' is " + value.dump() + "; expected an integer");
  }

  std::optional<Label> value(const Json& given, const std::string& item) const {
    const bool set = target_ && std::holds_alternative<Set>(target_->type);
    // In a table, an empty field means an empty set if the label is a set; otherwise no prediction.
    if (given.is_null() || (is_blank(given) && !set)) {
      if (target_ && std::holds_alternative<double>(target_->type))
        refuse(
            "the prediction is empty; expected a finite number. Omit the line, and count it in "
            "--allow-missing");
      return std::nullopt;
    }
    if (!target_) return Label(choice(given, item));
    if (std::holds_alternative<double>(target_->type)) return Label(number(given));
    if (std::holds_alternative<std::string>(target_->type)) return Label(class_name(given));
    Set members;
    if (is_blank(given)) return Label(members);
    if (given.is_string()) {
      std::istringstream list(given.get<std::string>());
      for (std::string member; std::getline(list, member, ';');)
        members.push_back(class_name(member));
    } else if (given.is_array()) {
      for (const auto& member : given)
        members.push_back(class_name(member));
    } else {
      refuse("prediction " + given.dump() + "; expected a list of classes");
    }
    return Label(members);
  }

  double number(const Json& given) const {
    if (given.is_number()) return given.get<double>();
    if (given.is_string()) {
      const auto value = kit::to_number(given.get<std::string>(),
                                        place_.substr(0, place_.size() - 2), "prediction");
      if (std::isfinite(value)) return value;
    }
    refuse("prediction " + given.dump() + "; expected a finite number");
  }

  /// The candidates of an item's scores: the classes of the label, or the choices of the question.
  std::vector<std::string> scored(const std::string& item) const {
    if (target_) return target_->classes;
    const auto question = view_.dataset().item(positions_.at(item)).question;
    return question ? question->choices : std::vector<std::string>();
  }

  std::vector<double> scores(const Json& fields, const std::string& item) {
    const auto names = scored(item);
    if (const auto found = fields.find("scores"); found != fields.end()) {
      auto given = *found;
      if (given.is_null() || given == "") return {};
      if (given.is_string()) given = Json::parse(given.get<std::string>(), nullptr, false);
      return listed_scores(given, names);
    }
    if (!target_) return {};
    std::vector<double> found;
    std::string missing;
    bool any = false;
    for (const auto& name : names) {
      auto column = fields.find("score:" + name);
      if (column == fields.end() && !is_own_field(name)) column = fields.find(name);
      if (column == fields.end() || column->is_null() || *column == "") {
        if (missing.empty()) missing = name;
        continue;
      }
      any = true;
      found.push_back(score(*column, name));
    }
    if (any && !missing.empty())
      refuse("there is no score for class '" + missing + "'; expected one for each of the " +
             std::to_string(names.size()) + " classes");
    return found;
  }

  std::vector<double> listed_scores(const Json& given,
                                    const std::vector<std::string>& names) const {
    const auto* const what = target_ ? "classes" : "choices";
    if (names.empty())
      refuse("'scores' is given, but the item has neither classes nor choices; omit it");
    if (!given.is_array() && !given.is_object())
      refuse("'scores' is neither a JSON object with the names of the " + std::string(what) +
             " nor a list in their order");
    if (given.size() != names.size())
      refuse("'scores' has " + std::to_string(given.size()) + " numbers, but there are " +
             std::to_string(names.size()) + ' ' + what);
    std::vector<double> found;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (given.is_object() && !given.contains(names[i]))
        refuse("'scores' lacks '" + names[i] + "'; expected one for each of the " +
               std::to_string(names.size()) + ' ' + what);
      found.push_back(score(given.is_object() ? given.at(names[i]) : given.at(i), names[i]));
    }
    return found;
  }

  double score(const Json& given, const std::string& name) const {
    const auto where = place_.substr(0, place_.size() - 2);
    const auto value = given.is_number()   ? given.get<double>()
                       : given.is_string() ? kit::to_number(given.get<std::string>(), where,
                                                            "score of '" + name + "'")
                                           : std::numeric_limits<double>::quiet_NaN();
    if (!std::isfinite(value))
      refuse("the score of '" + name + "' is " + given.dump() + "; expected a finite number");
    return value;
  }

  static bool is_own_field(const std::string& name) {
    return name == "id" || name == "prediction" || name == "output" || name == "seed";
  }

  std::string class_name(const Json& given) const {
    const auto name = given.is_string() ? given.get<std::string>() : given.dump();
    const auto& classes = target_->classes;
    if (std::find(classes.begin(), classes.end(), name) == classes.end())
      refuse("prediction '" + name + "' is not one of the " + std::to_string(classes.size()) +
             " classes of label '" + target_->name + "'" + protocol::did_you_mean(name, classes));
    return name;
  }

  std::string choice(const Json& given, const std::string& item) const {
    if (!given.is_string()) refuse("prediction " + given.dump() + "; expected a string");
    auto text = given.get<std::string>();
    const auto question = view_.dataset().item(positions_.at(item)).question;
    if (!question || question->choices.empty()) return text;
    const auto& choices = question->choices;
    if (std::find(choices.begin(), choices.end(), text) == choices.end())
      refuse("prediction '" + text +
             "' is not one of the item's choices: " + protocol::join(choices, true));
    return text;
  }

  fs::path file_;
  const DatasetView& view_;
  std::optional<LabelSpec> target_;
  std::string place_;
  std::map<std::string, std::int64_t> positions_;
  std::set<std::pair<std::string, std::int64_t>> seen_;
};

constexpr std::int64_t frames = 16, width = 64;

}  // namespace

std::vector<ImportedPrediction> read_predictions(const fs::path& file, const DatasetView& view,
                                                 const protocol::ComponentRef& evaluator) {
  const auto lines = file.extension() == ".csv" ? read_table(file) : read_json_lines(file);
  if (lines.empty()) throw DataError(file.string() + ": has no predictions");
  PredictionReader reader(file, view, target_of(view, evaluator));
  std::vector<ImportedPrediction> all;
  all.reserve(lines.size());
  for (const auto& line : lines)
    all.push_back(reader.read(line));
  return all;
}

std::map<std::string, std::int64_t> test_items(const DatasetView& view) {
  std::map<std::string, std::int64_t> items;
  for (std::int64_t i = 0; i < view.size(Split::test); ++i)
    items.emplace(view.item(Split::test, i).id, i);
  return items;
}

FeatureSpec placeholder_spec() {
  return {.frame_rate = 1, .first_frame = 0.5, .dim = width};
}

FeatureBatch placeholder_features(const std::vector<std::int64_t>& positions) {
  const auto size = static_cast<std::int64_t>(positions.size());
  FeatureBatch batch{at::empty({size, frames, width}, at::kFloat),
                     at::full({size}, frames, at::kLong), placeholder_spec()};
  auto* out = batch.values.mutable_data_ptr<float>();
  for (const auto position : positions) {
    kit::Random random(kit::derive(0, "is empty", position));
    for (std::int64_t i = 0; i < frames * width; ++i)
      *out++ = static_cast<float>(random.normal());
  }
  return batch;
}

}  // namespace earshot::worker
