// How the results file scales: 10,000 cells, 1,000,000 metric rows (20 encoders, 10 tasks, 5
// language models, 10 seeds; 20 categories, 5 metrics).

#include <chrono>
#include <thread>

#include <benchmark/benchmark.h>

#include "fixture.hpp"
#include "host/experiment/claims.hpp"
#include "host/view/server.hpp"
#include "http_client.hpp"

namespace earshot::host {
namespace {

/// 20 encoders x 10 tasks x 5 language models x 10 seeds.
Small large() {
  auto plan = small({}, {}, 0);
  plan.experiment.resolved["claims"] = to_record(Claims{});
  for (int encoder = 0; encoder < 20; ++encoder) {
    for (int task = 0; task < 10; ++task) {
      for (int model = 0; model < 5; ++model) {
        for (int seed = 0; seed < 10; ++seed) {
          auto cell =
              cell_of("encoder" + std::to_string(encoder), "task" + std::to_string(task), seed);
          cell.language_model = "model" + std::to_string(model);
          cell.axes.emplace_back("language_model", cell.language_model);
          cell.identity["language_model"] = cell.language_model;
          cell.identity["options"] = std::string(800, 'x');  // a typical size
          cell.key = protocol::sha256(cell.identity);
          plan.cells.push_back(std::move(cell));
        }
      }
    }
  }
  return plan;
}

/// One successful run for each cell with 5 metrics x 20 categories: 1,000,000 metric rows.
void fill(const Store& store) {
  auto& connection = const_cast<Connection&>(connection_of(store));
  connection.execute(R"sql(
    BEGIN IMMEDIATE;
    INSERT INTO provenance(key, facts) VALUES (printf('%064d', 0), '{}');
    INSERT INTO owner(host, pid, started_ms) VALUES ('here', 1, 1);
    INSERT INTO run(cell_id, attempt, state, provenance_id, owner_id, started_ms, ended_ms)
      SELECT cell_id, 1, 'ok', 1, 1, 1, 2 FROM cell ORDER BY cell_id;
    WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 20)
      INSERT INTO slice(dimension, name) SELECT 'category', 'category' || n FROM i;
    INSERT INTO metric_definition(name, version, unit, higher_is_better, kind, help)
      SELECT column1, 1, '', 1, 'mean', '' FROM (VALUES ('accuracy'), ('f1'), ('auc'), ('nll'), ('ece'));
    INSERT INTO metric(run_id, metric_id, slice_id, value, n)
      SELECT run_id, metric_id, slice_id, abs(random() % 1000) / 1000.0, 100
      FROM run CROSS JOIN metric_definition CROSS JOIN slice;
    COMMIT)sql");
}

/// A results file with all of this, created once.
struct Large {
  TemporaryFolder folder;
  Store store{folder / "results.db", Store::Mode::write};
  Small plan = large();
  Large() {
    record(store, plan);
    fill(store);
  }
};

Large& filled() {
  static Large large;
  return large;
}

void record_ten_thousand_new_cells(benchmark::State& state) {
  const auto plan = large();
  for (auto _ : state) {
    state.PauseTiming();
    const TemporaryFolder folder;
    Store store(folder / "results.db", Store::Mode::write);
    state.ResumeTiming();
    record(store, plan);
  }
}

void record_the_same_plan_again(benchmark::State& state) {
  auto& large = filled();
  for (auto _ : state)
    record(large.store, large.plan);
}

void look_up_ten_thousand_finished_cells(benchmark::State& state) {
  std::vector<std::string> keys;
  for (const auto& cell : filled().plan.cells)
    keys.push_back(cell.key);
  for (auto _ : state)
    benchmark::DoNotOptimize(filled().store.finished(keys).size());
}

void query(benchmark::State& state, const std::string& sql) {
  const Store reader(filled().folder / "results.db", Store::Mode::read);
  for (auto _ : state)
    benchmark::DoNotOptimize(rows(reader, sql).size());
}

void category_delta_of_one_metric(benchmark::State& state) {
  query(state,
        "SELECT * FROM category_delta WHERE experiment = 'ablation' AND axis = 'encoder' AND "
        "base = 'encoder0' AND candidate = 'encoder7' AND metric = 'accuracy'");
}

void category_delta_of_all_metrics(benchmark::State& state) {
  query(state, "SELECT * FROM category_delta WHERE candidate = 'encoder7' AND base = 'encoder0'");
}

/// What `runner view` does in the background whenever the results have changed.
void read_the_live_page(benchmark::State& state) {
  const Store reader(filled().folder / "results.db", Store::Mode::read);
  for (auto _ : state)
    benchmark::DoNotOptimize(protocol::json_text(Json(page_data(reader, {"ablation"}))).size());
}

/// What it does for a request, the largest: all data of the page.
void answer_a_request_of_the_live_page(benchmark::State& state) {
  const LiveData live({.results = filled().folder / "results.db"});
  while (live.now().revision.empty())
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const ViewServer server([&] { return live.now(); }, 0);
  std::size_t bytes = 0;
  for (auto _ : state)
    bytes = earshot::testing::http_get(server.port(), "/data.json").body.size();
  state.counters["bytes"] = static_cast<double>(bytes);
}

BENCHMARK(record_ten_thousand_new_cells)->Unit(benchmark::kMillisecond);
BENCHMARK(record_the_same_plan_again)->Unit(benchmark::kMillisecond);
BENCHMARK(look_up_ten_thousand_finished_cells)->Unit(benchmark::kMillisecond);
BENCHMARK(category_delta_of_one_metric)->Unit(benchmark::kMillisecond);
BENCHMARK(category_delta_of_all_metrics)->Unit(benchmark::kMillisecond);
BENCHMARK(read_the_live_page)->Unit(benchmark::kMillisecond);
BENCHMARK(answer_a_request_of_the_live_page)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace earshot::host

BENCHMARK_MAIN();
