#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/ATen.h>

#include <lib/learn/metrics.hpp>
#include <lib/learn/target.hpp>

#include <earshot/kit/sampling.hpp>

namespace earshot::kit {

namespace {

constexpr char separator = '\x1f';  // ASCII "unit separator", between the classes in a state

void keep(Numbers& numbers, const char* name, double value) {
  if (std::isfinite(value)) numbers[name] = value;
}

const Label* label_of(const Item& item, const std::string& name) {
  const auto found = item.labels.find(name);
  return found == item.labels.end() ? nullptr : &found->second;
}

/// The outcomes whose truth is a T, each with the prediction if that is a T, or null.
template <class T>
std::vector<std::pair<const T*, const T*>> labelled(std::span<const Outcome> slice,
                                                    const std::string& name) {
  std::vector<std::pair<const T*, const T*>> pairs;
  for (const auto& [item, prediction] : slice) {
    const auto* label = label_of(item, name);
    const auto* truth = label == nullptr ? nullptr : std::get_if<T>(label);
    if (truth != nullptr)
      pairs.emplace_back(truth, prediction.value ? std::get_if<T>(&*prediction.value) : nullptr);
  }
  return pairs;
}

/// Stores the number, and the number of its items.
void keep(Numbers& numbers, const std::string& name, double value, std::size_t count) {
  if (!std::isfinite(value)) return;
  numbers[name] = value;
  numbers[name + ".n"] = static_cast<double>(count);
}

}  // namespace

Target::Target(LabelSpec spec, Ties ties) : spec_(std::move(spec)), order_(spec_.classes.size()) {
  if (std::holds_alternative<Vector>(spec_.type))
    throw ConfigError("label '" + spec_.name +
                      "' is a vector; a target is a label with classes, a number or a set of "
                      "classes");
  if (kind() != Kind::number && spec_.classes.empty())
    throw ConfigError("label '" + spec_.name +
                      "' is text without classes; a target is a label with classes, a number or a "
                      "set of classes");
  for (std::size_t k = 0; k < spec_.classes.size(); ++k)
    indices_.emplace(spec_.classes[k], static_cast<std::int64_t>(k));
  std::iota(order_.begin(), order_.end(), std::int64_t{0});
  if (ties == Ties::names)  // UTF-8 sorts in the order of code points
    std::sort(order_.begin(), order_.end(), [this](std::int64_t a, std::int64_t b) {
      return spec_.classes[static_cast<std::size_t>(a)] <
             spec_.classes[static_cast<std::size_t>(b)];
    });
}

std::int64_t Target::best(const double* row) const {
  return *std::max_element(order_.begin(), order_.end(),
                           [row](std::int64_t a, std::int64_t b) { return row[a] < row[b]; });
}

std::int64_t Target::width() const {
  return kind() == Kind::number ? 1 : static_cast<std::int64_t>(spec_.classes.size());
}

std::int64_t Target::index(const std::string& name) const {
  const auto found = indices_.find(name);
  return found == indices_.end() ? -1 : found->second;
}

bool Target::truth(const Item& item, double* row) const {
  const auto* label = label_of(item, spec_.name);
  if (label == nullptr) return false;
  if (label->index() != spec_.type.index())
    throw DataError("label '" + spec_.name + "' of item '" + item.id +
                    "' has another type than the dataset declares");
  if (const auto* number = std::get_if<double>(label)) {
    row[0] = *number;
    return true;
  }
  std::fill(row, row + width(), 0.0);
  const auto set = [&](const std::string& name) {
    const auto k = index(name);
    if (k < 0)
      throw DataError("label '" + spec_.name + "' of item '" + item.id + "' is '" + name +
                      "', which is not one of the " + std::to_string(width()) +
                      " classes that the dataset declares");
    row[k] = 1;
  };
  if (const auto* name = std::get_if<std::string>(label)) {
    set(*name);
  } else {
    for (const auto& member : std::get<std::vector<std::string>>(*label))
      set(member);
  }
  return true;
}

Label Target::value(const double* row) const {
  if (kind() == Kind::number) return row[0];
  if (kind() == Kind::classes) return spec_.classes[static_cast<std::size_t>(best(row))];
  std::vector<std::string> members;
  for (std::int64_t k = 0; k < width(); ++k)
    if (row[k] >= 0.5) members.push_back(spec_.classes[static_cast<std::size_t>(k)]);
  return members;
}

void Target::learn_baseline(const at::Tensor& truths) {
  has_baseline_ = truths.size(0) > 0 && kind() != Kind::set;
  if (!has_baseline_) return;
  if (kind() == Kind::number) {
    const auto* values = truths.const_data_ptr<double>();
    baseline_ = median(std::vector<double>(values, values + truths.size(0)));
  } else {
    baseline_ = value(truths.sum(0).const_data_ptr<double>());
  }
}

Numbers Target::mark(const Item& item, const Prediction& prediction) const {
  Numbers numbers;
  const auto* truth = label_of(item, spec_.name);
  if (truth == nullptr || truth->index() != spec_.type.index()) return numbers;
  if (kind() == Kind::classes) {
    numbers["accuracy"] = prediction.value && *truth == *prediction.value ? 1 : 0;
    if (has_baseline_) numbers["majority"] = *truth == baseline_ ? 1 : 0;
  } else if (kind() == Kind::number && prediction.value &&
             std::holds_alternative<double>(*prediction.value)) {
    const auto number = std::get<double>(*truth);
    keep(numbers, "mae", std::abs(std::get<double>(*prediction.value) - number));
    if (has_baseline_)
      keep(numbers, "constant_mae", std::abs(std::get<double>(baseline_) - number));
  }
  return numbers;
}

Numbers Target::score(std::span<const Outcome> slice) const {
  Numbers numbers;
  if (kind() == Kind::number) return score_number(slice);
  if (kind() == Kind::classes) numbers = score_classes(slice);
  score_ranking(slice, numbers);
  return numbers;
}

Numbers Target::score_classes(std::span<const Outcome> slice) const {
  std::vector<std::int64_t> truths, predictions;
  const auto none = width();  // an additional class for no answer
  for (const auto& [truth, predicted] : labelled<std::string>(slice, spec_.name)) {
    const auto t = index(*truth), p = predicted == nullptr ? -1 : index(*predicted);
    if (t < 0) continue;
    truths.push_back(t);
    predictions.push_back(p < 0 ? none : p);
  }
  Numbers numbers;
  const auto counts = confusion(truths, predictions, width() + 1);
  keep(numbers, "balanced_accuracy", balanced_accuracy(counts, width() + 1), truths.size());
  keep(numbers, "macro_f1", macro_f1(counts, width() + 1, width()), truths.size());
  return numbers;
}

Numbers Target::score_number(std::span<const Outcome> slice) const {
  std::vector<double> truths, predictions;
  for (const auto& [truth, predicted] : labelled<double>(slice, spec_.name)) {
    if (predicted == nullptr) continue;
    truths.push_back(*truth);
    predictions.push_back(*predicted);
  }
  Numbers numbers;
  keep(numbers, "r2", r_squared(truths, predictions), truths.size());
  return numbers;
}

void Target::score_ranking(std::span<const Outcome> slice, Numbers& numbers) const {
  const auto classes = static_cast<std::size_t>(width());
  std::vector<double> scores, row(classes);
  std::vector<std::uint8_t> positive;
  std::size_t count = 0;
  for (const auto& [item, prediction] : slice) {
    if (!truth(item, row.data())) continue;
    if (prediction.scores.size() != classes) return;  // leaving it out would improve the result
    ++count;
    scores.insert(scores.end(), prediction.scores.begin(), prediction.scores.end());
    for (const auto value : row)
      positive.push_back(value != 0 ? 1 : 0);
  }
  if (scores.empty()) return;
  const auto mean = macro_ranking(scores, positive, width());
  keep(numbers, "map", mean.average_precision, count);
  keep(numbers, "auc", mean.auc, count);
}

OptionSpec Target::type_option() {
  return {
      .name = "target_type",
      .value = std::string(),
      .help =
          "Type of the label `target`, which determines the primary metric; the runner fills it in",
      .choices = {"", "class", "number", "set"},
      .affects_results = false,
      .role = Role::target_type};
}

std::vector<Target::Kind> Target::kinds_of(const std::string& type) {
  using enum Kind;
  if (type == "number") return {number, classes, set};
  if (type == "set") return {set, classes, number};
  return {classes, number, set};
}

std::vector<MetricSpec> Target::metrics(const std::vector<Kind>& kinds) {
  const auto has = [&](Kind kind) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  std::vector<MetricSpec> specs;
  if (has(Kind::classes)) {
    specs.push_back({.name = "balanced_accuracy",
                     .help = "Mean recall of the classes",
                     .primary = kinds.front() == Kind::classes,
                     .version = 2});
    specs.push_back(
        {.name = "accuracy", .help = "Share of items with the right class", .version = 2});
    specs.push_back({.name = "macro_f1", .help = "Mean F1 of the classes", .version = 2});
    specs.push_back(
        {.name = "majority",
         .help = "Accuracy of always predicting the most frequent class of the training items",
         .version = 2});
    specs.push_back({.name = "chance", .help = "Balanced accuracy of guessing: 1 / classes"});
  }
  if (has(Kind::classes) || has(Kind::set)) {
    specs.push_back({.name = "map",
                     .help = "Mean average precision of the classes",
                     .primary = kinds.front() == Kind::set,
                     .version = 2});
    specs.push_back({.name = "auc",
                     .help = "Mean area under the ROC curve, each class against the rest",
                     .version = 2});
  }
  if (has(Kind::number)) {
    specs.push_back({.name = "mae",
                     .help = "Mean absolute error, in the label's unit",
                     .higher_is_better = false,
                     .primary = kinds.front() == Kind::number});
    specs.push_back({.name = "constant_mae",
                     .help = "Error of always predicting the median of the training items",
                     .higher_is_better = false});
    specs.push_back({.name = "r2", .help = "Share of variance explained", .version = 2});
  }
  return specs;
}

void Target::save(State& state) const {
  std::string classes;
  for (const auto& name : spec_.classes)
    classes += name + separator;
  state.text["target.name"] = spec_.name;
  state.text["target.unit"] = spec_.unit;
  state.text["target.kind"] = std::to_string(spec_.type.index());
  state.text["target.classes"] = classes;
  const bool sorted = order_ == Target(spec_).order_;
  state.text["target.ties"] = sorted || kind() == Kind::number ? "names" : "dataset";
  if (!has_baseline_) return;
  if (kind() == Kind::number)
    state.tensors["target.baseline"] = at::full({1}, std::get<double>(baseline_), at::kDouble);
  else
    state.text["target.baseline"] = std::get<std::string>(baseline_);
}

void Target::load(const State& state) {
  const auto text = [&](const char* name) -> const std::string& {
    const auto found = state.text.find(name);
    if (found == state.text.end())
      throw DataError(std::string("state lacks the text '") + name + "'");
    return found->second;
  };
  LabelSpec spec{.name = text("target.name"), .unit = text("target.unit")};
  const auto& kind_text = text("target.kind");
  if (kind_text == "1") spec.type = 0.0;
  if (kind_text == "2") spec.type = std::vector<std::string>{};
  const auto& classes = text("target.classes");
  for (std::size_t start = 0; start < classes.size();) {
    const auto end = std::min(classes.find(separator, start), classes.size());
    spec.classes.push_back(classes.substr(start, end - start));
    start = end + 1;
  }
  const auto ties = state.text.find("target.ties");
  *this =
      Target(std::move(spec),
             ties != state.text.end() && ties->second == "dataset" ? Ties::dataset : Ties::names);
  if (const auto found = state.text.find("target.baseline"); found != state.text.end()) {
    baseline_ = found->second;
    has_baseline_ = true;
  }
  if (const auto found = state.tensors.find("target.baseline"); found != state.tensors.end()) {
    baseline_ = found->second.item<double>();
    has_baseline_ = true;
  }
}

Truths Truths::select(const std::vector<std::int64_t>& which) const {
  Truths part;
  for (const auto i : which) {
    part.items.push_back(items[static_cast<std::size_t>(i)]);
    part.strata.push_back(strata[static_cast<std::size_t>(i)]);
    part.groups.push_back(groups[static_cast<std::size_t>(i)]);
  }
  part.rows = rows.index_select(0, at::tensor(which, at::kLong));
  return part;
}

Truths read_truths(const Trial& trial, Split split, const Target& target) {
  Truths truths;
  const auto width = static_cast<std::size_t>(target.width());
  std::vector<double> rows, row(width);
  std::vector<std::map<std::string, std::string>> groups;
  for (std::int64_t i = 0; i < trial.size(split); ++i) {
    auto item = trial.item(split, i);
    if (!target.truth(item, row.data())) continue;
    truths.items.push_back(i);
    rows.insert(rows.end(), row.begin(), row.end());
    groups.push_back(std::move(item.groups));
    truths.strata.push_back(target.kind() == Target::Kind::classes
                                ? std::max_element(row.begin(), row.end()) - row.begin()
                                : 0);
  }
  truths.rows = at::tensor(rows, at::kDouble).view({truths.size(), target.width()});
  truths.groups = linked(groups);
  return truths;
}

}  // namespace earshot::kit
