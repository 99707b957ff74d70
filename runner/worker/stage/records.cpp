#include "worker/stage/records.hpp"

#include <cmath>

#include <ATen/ATen.h>

#include "worker/dataset/records.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;

/// Doubles as a tensor: JSON has no word for those that are not finite.
at::Tensor to_tensor(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

std::vector<double> to_vector(const at::Tensor& values) {
  const auto* data = values.const_data_ptr<double>();
  return {data, data + values.numel()};
}

Label to_label(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) return value.get<std::vector<std::string>>();
  return value.get<double>();
}

Json described(const Prediction& prediction) {
  return {{"item", prediction.item},
          {"output", prediction.output},
          {"value", prediction.value ? to_json(*prediction.value) : Json()},
          {"scores", prediction.scores.size()},
          {"candidates", prediction.candidates},
          {"measures", prediction.measures}};
}

}  // namespace

void Records::predict(Prediction prediction, std::int64_t items) {
  const auto item = prediction.item;
  const auto where = "prediction of item " + std::to_string(item) + ": ";
  if (item < 0 || item >= items)
    throw ContractError(where + "the test split has items 0 to " + std::to_string(items - 1));
  for (const auto& [name, value] : prediction.measures)
    if (!std::isfinite(value))
      throw ContractError(where + "measure '" + name + "' is " + std::to_string(value) +
                          "; leave out numbers that cannot be computed");
  for (std::size_t k = 0; k < prediction.scores.size(); ++k)
    if (std::isnan(prediction.scores[k]))
      throw ContractError(where + "its score " + std::to_string(k) +
                          " is not a number; expected numbers to rank by, or no scores");
  if (prediction.value)
    if (const auto* value = std::get_if<double>(&*prediction.value);
        value && !std::isfinite(*value))
      throw ContractError(where + "its value is " + std::to_string(*value) +
                          "; leave out values that cannot be computed");
  if (prediction.value && std::holds_alternative<Vector>(*prediction.value))
    throw ContractError(where + "its value is a vector; expected the predicted values as scores");
  if (!predictions_.emplace(item, std::move(prediction)).second)
    throw ContractError(where + "it was already predicted; expected once");
}

void Records::report(Report report) {
  for (const auto& other : reports_)
    if (other.metric == report.metric)
      throw ContractError("metric '" + report.metric + "' is reported twice; expected once");
  if (report.count < 0)
    throw ContractError("metric '" + report.metric + "' is reported with the count " +
                        std::to_string(report.count) + "; expected 0 or more");
  reports_.push_back(std::move(report));
}

State Records::state() const {
  State state;
  Json items = Json::array(), curves = Json::object(), reports = Json::array();
  std::vector<double> scores, values;
  for (const auto& [item, prediction] : predictions_) {
    items.push_back(described(prediction));
    scores.insert(scores.end(), prediction.scores.begin(), prediction.scores.end());
  }
  for (const auto& report : reports_) {
    reports.push_back({report.metric, report.count});
    values.push_back(report.value);
  }
  for (const auto& [name, points] : curves_)
    for (const auto& point : points) {
      curves[name].push_back(point.step);
      values.push_back(point.value);
    }
  state.text["records"] = protocol::json_text({{"predictions", items},
                                               {"reports", reports},
                                               {"curves", curves},
                                               {"artifacts", artifacts_}});
  state.tensors["scores"] = to_tensor(scores);
  state.tensors["values"] = to_tensor(values);
  return state;
}

void Records::load_state(const State& state) {
  *this = {};
  const auto text = Json::parse(state.text.at("records"));
  const auto scores = to_vector(state.tensors.at("scores"));
  const auto values = to_vector(state.tensors.at("values"));
  auto score = scores.begin();
  for (const auto& entry : text.at("predictions")) {
    Prediction prediction{.item = entry.at("item"), .output = entry.at("output")};
    if (const auto& value = entry.at("value"); !value.is_null()) prediction.value = to_label(value);
    const auto count = entry.at("scores").get<std::ptrdiff_t>();
    prediction.scores.assign(score, score + count);
    score += count;
    prediction.candidates = entry.value("candidates", prediction.candidates);
    prediction.measures = entry.at("measures").get<Numbers>();
    predictions_.emplace(prediction.item, std::move(prediction));
  }
  auto value = values.begin();
  for (const auto& entry : text.at("reports"))
    reports_.push_back({entry.at(0), *value++, entry.at(1)});
  for (const auto& [name, steps] : text.at("curves").items())
    for (const auto& step : steps)
      curves_[name].push_back({step, *value++});
  artifacts_ = text.at("artifacts").get<std::set<std::string>>();
}

Json finite_or_null(double value, std::string* name) {
  if (std::isfinite(value)) return value;
  if (name != nullptr) *name = std::isnan(value) ? "nan" : value > 0 ? "+inf" : "-inf";
  return nullptr;
}

}  // namespace earshot::worker
