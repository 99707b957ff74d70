#include "host/store/trackio_file.hpp"

#include <sqlite3.h>

namespace earshot::host {
namespace {

// Names, types and constraints are those that trackio reads and adds to.
const char* const trackio_schema =
    "CREATE TABLE metrics(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, "
    "timestamp TEXT NOT NULL, run_name TEXT NOT NULL, step INTEGER NOT NULL, "
    "metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);"
    "CREATE INDEX idx_metrics_run_step ON metrics(run_id, step);"
    "CREATE TABLE configs(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL UNIQUE, "
    "run_name TEXT NOT NULL, config TEXT NOT NULL, created_at TEXT NOT NULL);"
    "CREATE TABLE system_metrics(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, "
    "timestamp TEXT NOT NULL, run_name TEXT NOT NULL, metrics TEXT NOT NULL, log_id TEXT, "
    "space_id TEXT);"
    "CREATE TABLE alerts(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, "
    "timestamp TEXT NOT NULL, run_name TEXT NOT NULL, title TEXT NOT NULL, text TEXT, "
    "level TEXT NOT NULL DEFAULT 'warn', step INTEGER, alert_id TEXT);"
    "PRAGMA user_version = 2;";

/// Without the write-ahead log, so that the file can be renamed once it is closed.
Connection created(const std::filesystem::path& file) {
  Connection connection(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, file.string());
  connection.execute("PRAGMA synchronous = OFF");
  connection.execute(trackio_schema);
  return connection;
}

}  // namespace

TrackioFile::TrackioFile(const std::filesystem::path& file)
    : connection_(created(file)), transaction_(connection_) {}

void TrackioFile::add(const TrackioRun& run) {
  Statement config(connection_,
                   "INSERT INTO configs(run_id, run_name, config, created_at) VALUES (?, ?, ?, ?)");
  config.run(run.id, run.name, protocol::json_text(run.config), run.time);
  Statement point(connection_,
                  "INSERT INTO metrics(run_id, run_name, timestamp, step, metrics) "
                  "VALUES (?, ?, ?, ?, ?)");
  for (const auto& [step, values] : run.points)
    point.run(run.id, run.name, run.time, step, protocol::json_text(values));
  if (!run.alert) return;
  Statement alert(connection_,
                  "INSERT INTO alerts(run_id, run_name, timestamp, title, text, level, alert_id) "
                  "VALUES (?, ?, ?, ?, ?, 'error', ?)");
  alert.run(run.id, run.name, run.time, run.alert->title, run.alert->text, run.id);
}

}  // namespace earshot::host
