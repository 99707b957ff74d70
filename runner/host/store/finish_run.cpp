#include <cmath>
#include <filesystem>
#include <map>
#include <span>
#include <stdexcept>
#include <tuple>
#include <unordered_map>

#include "base/fault.hpp"
#include "host/base/failure.hpp"
#include "host/store/clock.hpp"
#include "host/store/content_hash.hpp"
#include "host/store/store.hpp"

namespace earshot::host {
namespace {

const char* nonfinite_tag(double value) {
  if (std::isnan(value)) return "nan";
  return value > 0 ? "+inf" : "-inf";
}

Json or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json absolute_or_null(const std::string& path) {
  if (path.empty()) return {};
  return std::filesystem::absolute(path).lexically_normal().string();
}

std::string lines_of(const std::vector<std::string>& sentences) {
  std::string lines;
  for (const auto& sentence : sentences)
    lines += (lines.empty() ? "" : "\n") + sentence;
  return lines;
}

/// Writes the results of an ok run, within the caller's transaction.
class RunWriter {
 public:
  RunWriter(Connection& connection, std::int64_t run) : connection_(connection), run_(run) {}

  void write(const RunRecord& record, const std::string& primary) {
    for (const auto& spec : record.metric_specs)
      specs_[spec.name] = &spec;
    add_metrics(record);
    add_predictions(record.predictions, primary);
  }

 private:
  void add_metrics(const RunRecord& record) {
    Statement add(connection_, "INSERT INTO metric VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    Statement add_contributions(connection_, "INSERT INTO contribution VALUES (?, ?, ?, ?)");
    for (const auto& [row, influences] : record.metrics) {
      const auto metric = metric_id(row);
      const auto slice = slice_id(row.slice_dimension, row.slice);
      const auto tag = row.value.is_null() && row.nonfinite.empty() ? "nan" : row.nonfinite;
      add.run(run_, metric, slice, row.value, or_null(tag), row.n, row.ci_low, row.ci_high,
              or_null(row.no_interval));
      if (!influences.empty())
        add_contributions.run(run_, metric, slice, std::as_bytes(std::span(influences)));
    }
  }

  void add_predictions(const std::vector<PredictionRow>& rows, const std::string& primary) {
    Statement add(
        connection_,
        "INSERT INTO prediction(run_id, item, value, number, output, mark, marks, scores, "
        "candidates) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const auto& row : rows) {
      Json marks = row.marks, mark;
      if (const auto found = marks.find(primary); found != marks.end()) {
        mark = *found;
        marks.erase(found);
      }
      const bool number = row.value.is_number();
      add.run(run_, row.item, number ? Json(row.value.dump()) : row.value,
              number ? Json(row.value.get<double>()) : Json(), or_null(row.output), mark,
              marks.empty() ? Json() : marks, std::span<const float>(row.scores), row.candidates);
    }
  }

  std::int64_t metric_id(const protocol::MetricRow& row) {
    auto& known = metrics_[{row.metric, row.kind}];
    if (known != 0) return known;
    protocol::Metric spec;
    if (const auto found = specs_.find(row.metric); found != specs_.end()) spec = *found->second;
    const std::int64_t better = spec.higher_is_better ? 1 : 0;
    Statement(connection_,
              "INSERT INTO metric_definition(name, version, unit, higher_is_better, kind, help) "
              "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .run(row.metric, spec.version, spec.unit, better, row.kind, spec.help);
    Statement id(connection_,
                 "SELECT metric_id FROM metric_definition WHERE name = ? AND version = ? AND "
                 "unit = ? AND higher_is_better = ? AND kind = ?");
    id.bind_all(row.metric, spec.version, spec.unit, better, row.kind).step();
    return known = id.integer(0);
  }

  std::int64_t slice_id(const std::string& dimension, const std::string& name) {
    auto& known = slices_[{dimension, name}];
    if (known != 0) return known;
    Statement(connection_,
              "INSERT INTO slice(dimension, name) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .run(dimension, name);
    Statement id(connection_, "SELECT slice_id FROM slice WHERE dimension = ? AND name = ?");
    id.bind_all(dimension, name).step();
    return known = id.integer(0);
  }

  using Pair = std::pair<std::string, std::string>;
  Connection& connection_;
  std::int64_t run_;
  std::unordered_map<std::string, const protocol::Metric*> specs_;
  std::map<Pair, std::int64_t> metrics_, slices_;
};

/// If a step is given twice, its last value is kept. @param table "curve" or "stage_curve", for a
/// run or a stage
void add_curves(Connection& connection, const std::string& table, std::int64_t id,
                std::span<const CurveRow> points) {
  const auto owner = table == "curve" ? "run_id" : "stage_id";
  Statement add(connection, "INSERT INTO " + table + "(" + owner +
                                ", name, step, value, nonfinite) VALUES (?, ?, ?, ?, ?) "
                                "ON CONFLICT DO UPDATE SET value = excluded.value, "
                                "nonfinite = excluded.nonfinite");
  for (const auto& point : points) {
    const bool finite = std::isfinite(point.value);
    add.run(id, point.curve, point.step, finite ? Json(point.value) : Json(),
            finite ? Json() : Json(nonfinite_tag(point.value)));
  }
}

void link_stages(Connection& connection, std::int64_t run, const std::vector<std::string>& keys) {
  Statement link(connection,
                 "INSERT INTO run_stage SELECT ?, stage_id FROM stage WHERE key = ? "
                 "ON CONFLICT DO NOTHING");
  Statement known(connection, "SELECT 1 FROM stage WHERE key = ?");
  for (const auto& key : keys) {
    known.bind_all(key);
    if (!known.step()) throw std::logic_error("finish_run: stage '" + key + "' is not recorded");
    known.reset();
    link.run(run, key);
  }
}

}  // namespace

void Store::finish_run(std::int64_t run, const RunRecord& record) {
  Transaction transaction(connection_);
  const auto& result = record.result;
  const bool warned = record.state == "ok" && !record.warnings.empty();
  Statement(connection_,
            "UPDATE run SET state = ?, ended_ms = ?, error_kind = ?, error = ?, log = ?, "
            "exit_code = ?, signal = ?, declared = ?, used = ?, lost = ?, seconds = ?, "
            "fit_seconds = ?, predict_seconds = ?, score_seconds = ?, peak_bytes = ? "
            "WHERE run_id = ? AND state = 'running' AND owner_id = ?")
      .run(record.state, now_ms(), warned ? Json("warning") : or_null(record.error_kind),
           warned ? Json(lines_of(record.warnings)) : or_null(record.error),
           absolute_or_null(record.log), record.exit_code, record.signal, result.declared,
           result.used, Json(result.lost), record.seconds, result.fit_seconds,
           result.predict_seconds, result.score_seconds, result.peak_bytes, run, owner_id_);
  if (connection_.changes() != 1) {
    throw Failure(ExitCode::store_unusable,
                  file_.string() + ": run " + std::to_string(run) +
                      " is no longer this process's; another runner has taken it over");
  }
  link_stages(connection_, run, record.stages);
  if (record.state == "ok") {
    Statement primary(connection_,
                      "SELECT primary_metric FROM cell JOIN run USING (cell_id) WHERE run_id = ?");
    primary.bind_all(run).step();
    RunWriter(connection_, run).write(record, primary.text(0));
    Statement artifact(
        connection_,
        "INSERT INTO artifact(run_id, name, path, sha256, bytes) VALUES (?, ?, ?, ?, "
        "?)");
    for (const auto& row : record.artifacts)
      artifact.run(run, row.name, relative(row.path), row.sha256, row.bytes);
  }
  add_curves(connection_, "curve", run, record.curves);
  if (record.state == "ok")
    Statement(connection_, "UPDATE run SET content_sha256 = ? WHERE run_id = ?")
        .run(content_of_run(connection_, run), run);
  base::fault_point("store.finish_run.before");
  transaction.commit();
  base::fault_point("store.finish_run.after");
}

void Store::record_curves(std::int64_t run, std::span<const CurveRow> points) {
  Transaction transaction(connection_);
  Statement mine(connection_,
                 "SELECT 1 FROM run WHERE run_id = ? AND state = 'running' AND owner_id = ?");
  mine.bind_all(run, owner_id_);
  if (!mine.step()) return;  // marked as lost meanwhile, which finish_run will report
  mine.reset();
  add_curves(connection_, "curve", run, points);
  base::fault_point("store.record_curves.before");
  transaction.commit();
}

void Store::record_curves(const std::string& stage_key, const std::string& kind,
                          std::span<const CurveRow> points) {
  Transaction transaction(connection_);
  const bool first = owner_id_ == 0;
  if (first) become_owner();
  try {
    Statement(connection_,
              "INSERT INTO stage(key, kind, state, attempts, error, seconds, bytes, facts, "
              "updated_ms, owner_id) VALUES (?, ?, 'running', 0, '', 0, 0, '{}', ?, ?) "
              "ON CONFLICT(key) DO UPDATE SET state = 'running', error = '', "
              "updated_ms = excluded.updated_ms, owner_id = excluded.owner_id "
              "WHERE stage.state <> 'ok'")
        .run(stage_key, kind, now_ms(), owner_id_);
    Statement stage(connection_, "SELECT stage_id FROM stage WHERE key = ?");
    stage.bind_all(stage_key).step();
    const auto id = stage.integer(0);
    stage.reset();
    add_curves(connection_, "stage_curve", id, points);
    base::fault_point("store.record_curves.before");
    transaction.commit();
  } catch (...) {
    if (first) owner_id_ = 0;
    throw;
  }
}

}  // namespace earshot::host
