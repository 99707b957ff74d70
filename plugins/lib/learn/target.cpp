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
  const bool of_classes = kind() == Kind::classes || kind() == Kind::set;
  if (of_classes && spec_.classes.empty())
    throw ConfigError("label '" + spec_.name +
                      "' is text without classes; a target is a label with classes, a number, a "
                      "set of classes or a vector");
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
  if (kind() == Kind::number) return 1;
  return kind() == Kind::vector ? spec_.size : static_cast<std::int64_t>(spec_.classes.size());
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
  if (const auto* vector = std::get_if<Vector>(label)) {
    const auto values = values_of(*vector, item);
    std::copy(values.begin(), values.end(), row);
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

std::span<const float> Target::values_of(const Vector& vector, const Item& item) const {
  const auto& values = vector.values;
  if (!values.defined() || values.sizes() != at::IntArrayRef{spec_.size})
    throw DataError("label '" + spec_.name + "' of item '" + item.id + "' is no vector of the " +
                    std::to_string(spec_.size) + " values that the dataset declares");
  return {values.const_data_ptr<float>(), static_cast<std::size_t>(spec_.size)};
}

std::optional<Label> Target::value(const double* row) const {
  if (kind() == Kind::vector) return std::nullopt;
  if (kind() == Kind::number) return row[0];
  if (kind() == Kind::classes) return spec_.classes[static_cast<std::size_t>(best(row))];
  std::vector<std::string> members;
  for (std::int64_t k = 0; k < width(); ++k)
    if (row[k] >= 0.5) members.push_back(spec_.classes[static_cast<std::size_t>(k)]);
  return members;
}

void Target::learn_baseline(const at::Tensor& truths) {
  has_baseline_ = truths.size(0) > 0 && (kind() == Kind::classes || kind() == Kind::number);
  if (!has_baseline_) return;
  if (kind() == Kind::number) {
    const auto* values = truths.const_data_ptr<double>();
    baseline_ = median(std::vector<double>(values, values + truths.size(0)));
  } else {
    baseline_ = *value(truths.sum(0).const_data_ptr<double>());
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
  } else if (kind() == Kind::vector && std::ssize(prediction.scores) == width()) {
    const auto values = values_of(std::get<Vector>(*truth), item);
    const std::vector<double> wanted(values.begin(), values.end());
    keep(numbers, "mae", mean_absolute_error(wanted, prediction.scores));
  }
  return numbers;
}

Numbers Target::score(std::span<const Outcome> slice) const {
  Numbers numbers;
  if (kind() == Kind::number) return score_number(slice);
  if (kind() == Kind::vector) return score_vector(slice);
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

bool Target::compare(const Item& item, const std::vector<double>& predicted,
                     ColumnAgreement& agreement) const {
  const auto* label = label_of(item, spec_.name);
  const auto* truth = label == nullptr ? nullptr : std::get_if<Vector>(label);
  if (truth == nullptr) return true;
  if (std::ssize(predicted) != width()) return false;
  agreement.add(values_of(*truth, item), predicted);
  return true;
}

Numbers Target::score_vector(std::span<const Outcome> slice) const {
  ColumnAgreement agreement(width());
  for (const auto& [item, prediction] : slice)
    if (!compare(item, prediction.scores, agreement))
      return {};  // leaving it out would improve the result
  Numbers numbers;
  const auto count = static_cast<std::size_t>(agreement.items());
  keep(numbers, "correlation", mean_of_defined(agreement.correlations()), count);
  keep(numbers, "r2", mean_of_defined(agreement.r_squared()), count);
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

void Target::save(State& state) const {
  std::string classes;
  for (const auto& name : spec_.classes)
    classes += name + separator;
  state.text["target.name"] = spec_.name;
  state.text["target.unit"] = spec_.unit;
  state.text["target.kind"] = std::to_string(spec_.type.index());
  state.text["target.classes"] = classes;
  state.text["target.size"] = std::to_string(spec_.size);
  const bool sorted = order_ == Target(spec_).order_;
  state.text["target.ties"] = sorted ? "names" : "dataset";
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
  if (kind_text == "3") spec.type = Vector{};
  spec.size = std::stoll(text("target.size"));
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
  const auto size = trial.size(split), width = target.width();
  const auto rows = at::empty({size, width}, at::kDouble);
  auto* row = rows.mutable_data_ptr<double>();
  std::vector<std::map<std::string, std::string>> groups;
  for (std::int64_t i = 0; i < size; ++i) {
    auto item = trial.item(split, i);
    if (!target.truth(item, row)) continue;
    truths.items.push_back(i);
    groups.push_back(std::move(item.groups));
    truths.strata.push_back(
        target.kind() == Target::Kind::classes ? std::max_element(row, row + width) - row : 0);
    row += width;
  }
  truths.rows = rows.narrow(0, 0, truths.size());
  truths.groups = linked(groups);
  return truths;
}

}  // namespace earshot::kit
