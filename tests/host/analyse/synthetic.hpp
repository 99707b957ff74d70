#pragma once
#include <cmath>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "host/analyse/compare.hpp"
#include "host/analyse/stored.hpp"
#include "host/base/failure.hpp"
#include "host/experiment/claims.hpp"
#include "host/store/inside.hpp"
#include "protocol/hash.hpp"
#include "statistics/influence.hpp"
#include "temporary_folder.hpp"

namespace earshot::host {

/// A results file in a temporary folder, with an experiment whose numbers are given by the test.
class Synthetic : public ::testing::Test {
 protected:
  static constexpr std::int64_t items = 60;  ///< the first 20 are for training

  Synthetic() {
    store_.emplace(folder_ / "results.db", Store::Mode::write);
    experiment_.name = "ablation";
    experiment_.resolved = {{"experiment", {{"name", "ablation"}}}};
    claims_.compare_axis = "encoder";
    claims_.compare_base = "htsat";
  }

  static CellRecord cell(const std::string& encoder, const std::string& task, std::int64_t seed,
                         std::int64_t fold = 0) {
    CellRecord cell;
    cell.axes = {{"encoder", encoder},
                 {"task", task},
                 {"dataset", "scenes"},
                 {"seed", seed},
                 {"fold", fold}};
    cell.identity = Json(cell.axes);
    cell.key = protocol::sha256(cell.identity);
    cell.encoder = encoder;
    cell.task = task;
    cell.dataset = "scenes";
    cell.seed = seed;
    cell.fold = fold;
    cell.dataset_key = protocol::sha256(std::string_view("scenes"));
    cell.primary = "accuracy";
    return cell;
  }

  /// The same cell with a value on another axis.
  static CellRecord with(CellRecord cell, const std::string& axis, const Json& value) {
    cell.axes.emplace_back(axis, value);
    cell.identity = Json(cell.axes);
    cell.key = protocol::sha256(cell.identity);
    return cell;
  }

  void add_cells(const std::vector<std::string>& encoders, const std::vector<std::string>& tasks,
                 std::int64_t seeds) {
    for (const auto& encoder : encoders)
      for (const auto& task : tasks)
        for (std::int64_t seed = 0; seed < seeds; ++seed)
          cells_.push_back(cell(encoder, task, seed));
  }

  /// Writes plan and items. Items alternate between categories event and mood; two neighbours share
  /// a clip.
  void plan() {
    protocol::DatasetInfo info;
    info.items = items;
    info.test = 40;
    info.slices = slices_;
    info.slice_roles = slice_roles_;
    experiment_.resolved["claims"] = to_record(claims_);
    store_->record_plan(experiment_, cells_,
                        {{cell("", "", 0).dataset_key, "scenes", "scenes/scenes", info}},
                        {{"device", "cpu"}});
    Json rows = Json::array();
    for (std::int64_t i = 0; i < items; ++i)
      rows.push_back({"item" + std::to_string(i), Json{{"clip", std::to_string(i / 2)}},
                      Json{{"category", i % 2 == 0 ? "event" : "mood"}}, Json::object()});
    store_->add_items(cell("", "", 0).dataset_key, rows);
  }

  Json slices_ = Json::object();  ///< of the dataset, as counted in its listing
  std::map<std::string, std::string> slice_roles_{};

  using Marks = std::function<double(std::int64_t)>;  ///< of a test item; NaN: no mark

  /// Finishes a cell with a mark "accuracy" for each test item, and the score "f1" that is their
  /// mean.
  void run(const CellRecord& cell, const Marks& marks, std::int64_t first = 20,
           std::int64_t last = items) {
    RunRecord record;
    record.state = "ok";
    protocol::Metric accuracy, f1, error;
    accuracy.name = "accuracy";
    f1.name = "f1";
    error.name = "error";
    error.higher_is_better = false;
    for (auto* metric : {&accuracy, &f1, &error})
      metric->version = metric_version_;
    record.metric_specs = {accuracy, f1, error};
    std::vector<double> values;
    for (std::int64_t i = first; i < last; ++i) {
      const double mark = marks(i);
      PredictionRow row{.item = i};
      if (!std::isnan(mark)) row.marks = {{"accuracy", mark}, {"error", 1 - mark}};
      record.predictions.push_back(row);
      values.push_back(std::isnan(mark) ? 0 : mark);
    }
    const auto n = static_cast<std::int64_t>(values.size());
    double sum = 0;
    for (const double value : values)
      sum += value;
    std::vector<double> without;
    std::vector<std::int32_t> alone;
    for (const double value : values) {
      without.push_back((sum - value) / static_cast<double>(n - 1));
      alone.push_back(static_cast<std::int32_t>(alone.size()));
    }
    const auto mean = sum / static_cast<double>(n);
    record.metrics = {{metric("accuracy", "mean", mean, n), {}},
                      {metric("error", "mean", 1 - mean, n), {}},
                      {metric("f1", "score", mean, n),
                       statistics::packed(statistics::influences(mean, without, alone))}};
    const auto id = store_->begin_run(cell.key);
    ASSERT_TRUE(id.has_value());
    store_->finish_run(*id, record);
  }

  static protocol::MetricRow metric(const std::string& name, const std::string& kind, double value,
                                    std::int64_t n) {
    protocol::MetricRow row;
    row.slice_dimension = row.slice = "all";
    row.metric = name;
    row.kind = kind;
    row.value = value;
    row.n = n;
    return row;
  }

  /// Right on all items except those whose number is a multiple of `period`.
  static Marks wrong_every(std::int64_t period) {
    return [period](std::int64_t i) { return i % period == 0 ? 0.0 : 1.0; };
  }

  /// The design of the latest revision; it lives as long as the test.
  const Design& design() const {
    design_ = read_design(*store_, store_->require_experiment("ablation"));
    return design_;
  }

  Comparison compared(CompareOptions options = {}) const {
    options.experiment = "ablation";
    return compare(*store_, options);
  }

  /// A hypothesis with these fields, and the sides and relation of its `claim`: "a > b".
  void claim(const Json& fields) {
    Json all = Hypothesis{};
    all.update(fields);
    std::istringstream words(fields.at("claim").get<std::string>());
    std::string candidate, relation, base;
    words >> candidate >> relation >> base;
    all.update({{"candidate", candidate}, {"relation", relation}, {"base", base}});
    claims_.hypotheses.push_back(all.get<Hypothesis>());
  }

  earshot::testing::TemporaryFolder folder_{};
  std::optional<Store> store_{};
  ExperimentRecord experiment_{};
  Claims claims_{};
  std::vector<CellRecord> cells_{};
  std::int64_t metric_version_ = 1;  ///< version of the metrics of later runs

 private:
  mutable Design design_{};
};

/// The message of the Failure (usage) that `act` throws.
template <class Act>
std::string refusal(Act&& act) {
  try {
    act();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), ExitCode::usage);
    return failure.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace earshot::host
