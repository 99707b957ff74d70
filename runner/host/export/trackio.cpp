#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <map>

#include "host/base/failure.hpp"
#include "host/base/plain_text.hpp"
#include "host/export/formats.hpp"
#include "host/store/exported_runs.hpp"
#include "host/store/trackio_file.hpp"
#include "host/store/training_curves.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// "2026-11-30T20:01:02.345+00:00"
std::string iso_time(std::int64_t milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const auto thousandths = std::to_string(1000 + milliseconds % 1000).substr(1);
  return std::string(date.data()) + "." + thousandths + "+00:00";
}

/// Trackio's words for numbers that JSON does not have.
Json trackio_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

Json trackio_number(const RunScore& score) {
  if (score.value) return *score.value;
  if (score.nonfinite == "nan") return "NaN";
  return score.nonfinite == "-inf" ? "-Infinity" : "Infinity";
}

/// What distinguishes a run for people: "mimi, room, seed 0".
std::string name_of(const ExportedRun& run, bool folds) {
  std::string name;
  const auto append = [&](const std::string& part) {
    if (!part.empty()) name += (name.empty() ? "" : ", ") + protocol::readable(part);
  };
  for (const auto* part : {&run.encoder, &run.mapper, &run.language_model, &run.task, &run.variant})
    append(*part);
  append("seed " + std::to_string(run.seed));
  if (folds) append("fold " + std::to_string(run.fold));
  return name;
}

/// 32 hexadecimal digits, as trackio's own: the same for the same cell, although labels may share
/// a cell.
std::string trackio_id(const ExportedRun& run) {
  std::array<char, 16> position{};
  std::snprintf(position.data(), position.size(), "%08llx",
                static_cast<unsigned long long>(run.position));
  return run.cell_key.substr(0, 24) + position.data();
}

Json config_of(const ExportedRun& run) {
  Json config = {{"encoder", run.encoder},
                 {"task", run.task},
                 {"dataset", run.dataset},
                 {"seed", run.seed},
                 {"fold", run.fold},
                 {"cell_key", run.cell_key},
                 {"state", run.state},
                 {"_Group", run.task},
                 {"_Created", iso_time(run.started_ms)},
                 {"dataset_key", run.dataset_key}};
  for (const auto& [name, value] : {std::pair("mapper", run.mapper),
                                    {"language_model", run.language_model},
                                    {"variant", run.variant},
                                    {"weights", run.weights},
                                    {"error", run.error}})
    if (!value.empty()) config[name] = value;
  if (!run.pretrain_data.is_null()) config["pretrain_data"] = run.pretrain_data;
  if (run.seconds) config["seconds"] = *run.seconds;
  return config;
}

/// All numbers over all items, with the interval of the primary metric, and that metric in slices.
Json final_numbers(const Store& store, std::int64_t run) {
  Json numbers = Json::object();
  for (const auto& score : run_scores(store, run)) {
    const bool all = score.dimension == "all";
    if (!all && !score.primary) continue;
    const auto name = all ? score.metric : score.dimension + '/' + score.slice;
    numbers[name] = trackio_number(score);
    if (!all || !score.primary || !score.low || !score.high) continue;
    numbers[name + "/ci_low"] = *score.low;
    numbers[name + "/ci_high"] = *score.high;
  }
  return numbers;
}

/// The curves of each cell, by step.
using Curves = std::map<std::int64_t, std::map<std::int64_t, Json>>;

Curves curves_by_cell(const Store& store, std::int64_t revision) {
  Curves curves;
  for (const auto& curve : training_curves(store, revision)) {
    if (curve.position < 0) continue;
    for (const auto& [step, value] : curve.points)
      curves[curve.position][step]["training/" + curve.name] = trackio_number(value);
  }
  return curves;
}

TrackioRun trackio_run(const Store& store, const ExportedRun& run, const Curves& curves,
                       bool folds) {
  TrackioRun made;
  made.id = trackio_id(run);
  made.name = name_of(run, folds);
  made.time = iso_time(run.ended_ms);
  made.config = config_of(run);
  std::int64_t last = 0;
  if (const auto found = curves.find(run.position); found != curves.end())
    for (const auto& [step, values] : found->second) {
      made.points.emplace_back(step, values);
      last = step;
    }
  made.points.emplace_back(last,
                           run.state == "ok" ? final_numbers(store, run.run) : Json::object());
  if (run.state != "ok") made.alert = {run.state, protocol::readable(run.error)};
  return made;
}

/// Rows in a log that trackio has not yet written to its file would be added to the new one.
void require_not_in_use(const fs::path& file) {
  std::error_code error;
  const auto log = fs::file_size(file.string() + "-wal", error);
  if (!error && log > 0)
    throw Failure(ExitCode::usage, "runner export: " + plain_text(file.string()) +
                                       " is in use by trackio, or was not closed: there is a file "
                                       "'-wal' next to it. End trackio, or give another folder");
}

}  // namespace

std::string trackio_project(const std::string& experiment) {
  std::string project;
  for (const char character : experiment)
    if (const auto byte = static_cast<unsigned char>(character);
        byte < 128 && (std::isalnum(byte) != 0 || byte == '-' || byte == '_'))
      project += character;
  if (project.empty()) project = "default";
  if (project.starts_with("registry-")) project = "experiment-" + project;
  // Trackio keeps tables of other projects under such names.
  for (const auto* table : {"_system", "_configs", "_traces", "_artifacts", "_artifact_versions",
                            "_artifact_aliases", "_run_artifact_links"})
    if (project.ends_with(table)) return project + "-experiment";
  return project;
}

ExportRemarks export_to_trackio(const Store& store, const std::string& experiment,
                                ExportFolder& folder) {
  const auto name = trackio_project(experiment) + ".db";
  require_not_in_use(folder.path() / name);
  const auto place = folder.add(name);
  const Snapshot snapshot(store);
  const auto runs = exported_runs(store, experiment);
  const auto curves = curves_by_cell(store, store.require_experiment(experiment));
  const bool folds =
      std::any_of(runs.begin(), runs.end(), [](const auto& run) { return run.fold != 0; });
  TrackioFile file(place);
  std::size_t failed = 0, left_out = 0;
  for (const auto& run : runs) {
    if (run.ended_ms == 0 || run.cell_key.empty()) {
      ++left_out;
      continue;
    }
    if (run.state != "ok") ++failed;
    file.add(trackio_run(store, run, curves, folds));
  }
  file.finish();
  const auto cells = [](std::size_t count) {
    return std::to_string(count) + (count == 1 ? " cell " : " cells ");
  };
  ExportRemarks remarks;
  if (failed > 0)
    remarks.push_back(cells(failed) + "not ok: a run without scores, and an alert with the error");
  if (left_out > 0)
    remarks.push_back(cells(left_out) + "left out: not attempted yet, or not able to run");
  return remarks;
}

}  // namespace earshot::host
