#pragma once
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/failure.hpp"
#include "host/store/inside.hpp"
#include "protocol/hash.hpp"
#include "temporary_folder.hpp"

namespace earshot::host {

using earshot::testing::TemporaryFolder;

inline std::string key_of(const std::string& text) {
  return protocol::sha256(std::string_view(text));
}

/// An experiment of encoders x tasks x seeds on one dataset of 4 test items.
struct Small {
  ExperimentRecord experiment{};
  std::vector<CellRecord> cells{};
  std::vector<DatasetRecord> datasets{};
  Json provenance = {
      {"git", {{"commit", "4f2a"}, {"dirty", true}}},
      {"host", {{"name", "here"}}},
      {"device", "cpu"},
      {"plugins", {{{"name", "mimi"}, {"version", "1.0.0"}, {"path", "p"}, {"sha256", "ab"}}}}};
};

inline CellRecord cell_of(const std::string& encoder, const std::string& task, std::int64_t seed) {
  CellRecord cell;
  cell.identity = {{"encoder", encoder}, {"task", task}, {"seed", seed}};
  cell.key = protocol::sha256(cell.identity);
  cell.axes = {{"encoder", encoder}, {"task", task}, {"dataset", "scenes"}, {"seed", seed}};
  cell.encoder = encoder;
  cell.task = task;
  cell.dataset = "scenes";
  cell.seed = seed;
  cell.dataset_key = key_of("scenes");
  cell.primary = "accuracy";
  return cell;
}

inline Small small(const std::vector<std::string>& encoders = {"htsat", "mimi"},
                   const std::vector<std::string>& tasks = {"room", "quality"},
                   std::int64_t seeds = 3) {
  Small plan;
  plan.experiment.name = "ablation";
  plan.experiment.question = "Does a codec keep what a classifier throws away?";
  plan.experiment.resolved = {{"experiment", {{"name", "ablation"}}}, {"encoders", encoders}};
  for (const auto& encoder : encoders) {
    for (const auto& task : tasks) {
      for (std::int64_t seed = 0; seed < seeds; ++seed) {
        plan.cells.push_back(cell_of(encoder, task, seed));
      }
    }
  }
  protocol::DatasetInfo info;
  info.items = 6;
  info.train = 2;
  info.test = 4;
  plan.datasets = {{key_of("scenes"), "scenes", "scenes/scenes", info}};
  return plan;
}

inline std::int64_t record(Store& store, const Small& plan) {
  return store.record_plan(plan.experiment, plan.cells, plan.datasets, plan.provenance);
}

inline protocol::MetricRow metric_row(const std::string& dimension, const std::string& slice,
                                      double value, std::int64_t n) {
  protocol::MetricRow row;
  row.slice_dimension = dimension;
  row.slice = slice;
  row.metric = "accuracy";
  row.kind = "mean";
  row.value = value;
  row.n = n;
  return row;
}

/// What an ok run leaves: accuracy of all items and of the categories event and mood.
inline RunRecord ok_run(double event = 0.75, double mood = 0.25) {
  RunRecord run;
  run.state = "ok";
  run.result.declared = run.result.used = 4;
  run.seconds = 2;
  protocol::Metric spec;
  spec.name = "accuracy";
  spec.primary = true;
  run.metric_specs = {spec};
  run.metrics = {{metric_row("all", "all", (event + mood) / 2, 4), {}},
                 {metric_row("category", "event", event, 2), {}},
                 {metric_row("category", "mood", mood, 2), {}}};
  for (std::int64_t item = 2; item < 6; ++item) {
    run.predictions.push_back({item, "dog", "", {{"accuracy", item % 2}}});
  }
  return run;
}

inline void run_cell(Store& store, const std::string& key, const RunRecord& run) {
  const auto id = store.begin_run(key);
  ASSERT_TRUE(id.has_value());
  store.finish_run(*id, run);
}

inline std::vector<std::string> columns(const Store& store, const std::string& view) {
  const Statement statement(connection_of(store), "SELECT * FROM " + view);
  std::vector<std::string> names;
  for (int i = 0; i < statement.columns(); ++i)
    names.push_back(statement.column_name(i));
  return names;
}

inline std::vector<std::vector<Json>> rows(const Connection& connection, const std::string& sql) {
  Statement statement(connection, sql);
  std::vector<std::vector<Json>> found;
  while (statement.step()) {
    auto& row = found.emplace_back();
    for (int i = 0; i < statement.columns(); ++i)
      row.push_back(statement.value(i));
  }
  return found;
}

inline std::vector<std::vector<Json>> rows(const Store& store, const std::string& sql) {
  return rows(connection_of(store), sql);
}

inline std::int64_t count(const Store& store, const std::string& from) {
  return connection_of(store).integer("SELECT count(*) FROM " + from);
}

/// The message of the Failure that `act` throws; its exit code must be `code`.
template <class Act>
std::string failure_of(Act&& act, ExitCode code = ExitCode::store_unusable) {
  try {
    act();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), code);
    return failure.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace earshot::host
