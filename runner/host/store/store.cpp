#include "host/store/store.hpp"

#include <stdexcept>
#include <tuple>

#include <sys/utsname.h>
#include <unistd.h>

#include "base/fault.hpp"
#include "host/base/failure.hpp"
#include "host/store/clock.hpp"
#include "host/store/content_hash.hpp"
#include "host/store/inside.hpp"
#include "host/store/open.hpp"
#include "host/store/revisions.hpp"
#include "protocol/hash.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

std::string host_name() {
  utsname names{};
  uname(&names);
  return names.nodename;
}

void add_plugins(Connection& connection, std::int64_t provenance, const Json& plugins) {
  Statement add(connection,
                "INSERT INTO plugin(name, version, sha256, path) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING");
  Statement link(connection,
                 "INSERT INTO provenance_plugin SELECT ?, plugin_id FROM plugin "
                 "WHERE name = ? AND version = ? AND sha256 = ? ON CONFLICT DO NOTHING");
  for (const auto& plugin : plugins) {
    const auto field = [&](const char* name) { return plugin.value(name, ""); };
    add.run(field("name"), field("version"), field("sha256"), field("path"));
    link.run(provenance, field("name"), field("version"), field("sha256"));
  }
}

}  // namespace

Store::Store(const std::filesystem::path& file, Mode mode)
    : file_(file),
      connection_(mode == Mode::write ? open_for_writing(file) : open_for_reading(file)) {}

const Connection& connection_of(const Store& store) {
  return store.connection_;
}

std::optional<std::int64_t> Store::experiment(const std::string& name) const {
  Statement row(connection_, "SELECT experiment_id FROM experiment WHERE name = ? AND latest = 1");
  row.bind_all(name);
  if (!row.step()) return std::nullopt;
  return row.integer(0);
}

std::int64_t Store::require_experiment(const std::string& name) const {
  if (const auto id = experiment(name)) return *id;
  const auto known = experiment_names(*this);
  throw Failure(ExitCode::usage,
                file_.string() + ": has no experiment '" + name + "'; it has " +
                    (known.empty() ? std::string("none yet") : protocol::join(known, true)) +
                    protocol::did_you_mean(name, known));
}

std::set<std::string> Store::finished(const std::vector<std::string>& keys) const {
  Statement rows(connection_,
                 "SELECT c.key FROM json_each(?) j CROSS JOIN cell c ON c.key = j.value "
                 "CROSS JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok'");
  rows.bind_all(Json(keys));
  std::set<std::string> found;
  while (rows.step())
    found.insert(rows.text(0));
  return found;
}

std::map<std::string, LastFailure> Store::last_failures(
    const std::vector<std::string>& keys) const {
  Statement rows(connection_,
                 "SELECT c.key, r.state, r.error_kind, r.error, r.log, r.attempt "
                 "FROM json_each(?) j CROSS JOIN cell c ON c.key = j.value "
                 "CROSS JOIN run r ON r.run_id = (SELECT run_id FROM run "
                 "WHERE cell_id = c.cell_id ORDER BY attempt DESC LIMIT 1) "
                 "WHERE r.state NOT IN ('ok', 'running') AND NOT EXISTS "
                 "(SELECT 1 FROM run WHERE cell_id = c.cell_id AND state = 'ok')");
  rows.bind_all(Json(keys));
  std::map<std::string, LastFailure> found;
  while (rows.step()) {
    found[rows.text(0)] = {rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.integer(5)};
  }
  return found;
}

std::set<std::int64_t> Store::lost_runs() const {
  std::set<std::int64_t> lost;
  std::map<std::int64_t, bool> living;
  Statement rows(connection_, "SELECT run_id, owner_id FROM run WHERE state = 'running'");
  while (rows.step()) {
    const auto owner = rows.integer(1);
    if (!living.contains(owner)) living[owner] = OwnerLock::held(file_, owner);
    if (!living[owner]) lost.insert(rows.integer(0));
  }
  return lost;
}

std::int64_t Store::mark_lost_runs() {
  const auto lost = lost_runs();
  // A runner that pretrains may have no run yet.
  std::vector<std::int64_t> gone;  // owners
  {
    Statement owners(connection_, "SELECT DISTINCT owner_id FROM stage WHERE state = 'running'");
    while (owners.step())
      if (!OwnerLock::held(file_, owners.integer(0))) gone.push_back(owners.integer(0));
  }
  if (lost.empty() && gone.empty()) return 0;
  Transaction transaction(connection_);
  Statement abandon(connection_,
                    "UPDATE stage SET state = 'lost' WHERE state = 'running' AND "
                    "coalesce(owner_id, 0) = ?");
  for (const auto owner : gone)
    abandon.run(owner);
  Statement mark(
      connection_,
      "UPDATE run SET state = 'lost', ended_ms = ?, error_kind = 'lost', "
      "error = 'the runner that ran it ended: process ' || (SELECT pid || ' on ' || host "
      "FROM owner WHERE owner_id = run.owner_id) WHERE run_id = ? AND state = 'running'");
  std::int64_t marked = 0;
  for (const auto run : lost) {
    mark.run(now_ms(), run);
    marked += connection_.changes();
  }
  transaction.commit();
  return marked;
}

/// The row of this process is inserted with its first run, so that a plan without work writes
/// nothing.
std::int64_t Store::provenance_id() {
  if (provenance_id_ != 0) return provenance_id_;
  const auto key = protocol::sha256(provenance_);
  Statement(
      connection_,
      "INSERT INTO provenance(key, facts, git_commit, git_dirty, host, device, earshot_commit) "
      "SELECT ?1, ?2, json_extract(?2, '$.git.commit'), json_extract(?2, '$.git.dirty'), "
      "json_extract(?2, '$.host.name'), json_extract(?2, '$.device'), "
      "nullif(json_extract(?2, '$.runner.commit'), '') "
      "WHERE true ON CONFLICT DO NOTHING")
      .run(key, protocol::canonical(provenance_));
  Statement row(connection_, "SELECT provenance_id FROM provenance WHERE key = ?");
  row.bind_all(key).step();
  const auto id = row.integer(0);
  if (const auto plugins = provenance_.find("plugins"); plugins != provenance_.end()) {
    add_plugins(connection_, id, *plugins);
  }
  return id;
}

/// The lock is taken before the row becomes visible.
void Store::become_owner() {
  Statement(connection_, "INSERT INTO owner(host, pid, started_ms) VALUES (?, ?, ?)")
      .run(host_name(), static_cast<std::int64_t>(getpid()), now_ms());
  const auto id = connection_.last_id();
  lock_ = {};  // the row of the earlier owner was rolled back, so its number may be reused
  lock_ = OwnerLock(file_, id);
  owner_id_ = id;
}

std::optional<std::int64_t> Store::begin_run(const std::string& cell_key) {
  Transaction transaction(connection_);
  Statement cell(connection_,
                 "SELECT c.cell_id, (SELECT coalesce(max(attempt), 0) FROM run WHERE cell_id = "
                 "c.cell_id), EXISTS (SELECT 1 FROM run WHERE cell_id = c.cell_id AND state IN "
                 "('ok', 'running')) FROM cell c WHERE c.key = ?");
  cell.bind_all(cell_key);
  if (!cell.step()) throw std::logic_error("begin_run: cell '" + cell_key + "' is in no plan");
  if (cell.integer(2) != 0) return std::nullopt;
  // If the transaction is rolled back, so is the row of the owner.
  struct Forget {
    std::int64_t& owner;
    const std::int64_t before;
    bool committed = false;
    ~Forget() {
      if (!committed) owner = before;
    }
  } forget{owner_id_, owner_id_};
  if (owner_id_ == 0) become_owner();
  const auto provenance = provenance_id();
  Statement(connection_,
            "INSERT INTO run(cell_id, attempt, state, provenance_id, owner_id, started_ms) "
            "VALUES (?, ?, 'running', ?, ?, ?)")
      .run(cell.integer(0), cell.integer(1) + 1, provenance, owner_id_, now_ms());
  const auto run = connection_.last_id();
  cell.reset();
  base::fault_point("store.begin_run.before");
  transaction.commit();
  forget.committed = true;
  provenance_id_ = provenance;
  base::fault_point("store.begin_run.after");
  return run;
}

namespace {

/// Adds the cost of an attempt to that of earlier ones.
void add_up(Json& facts, const Json& before) {
  for (const auto* name : {"computed", "audio_seconds", "encode_seconds"})
    if (const auto value = before.find(name); value != before.end() && value->is_number())
      facts[name] = facts.contains(name) && facts.at(name).is_number_integer()
                        ? Json(facts.at(name).get<std::int64_t>() + value->get<std::int64_t>())
                        : Json(facts.value(name, 0.0) + value->get<double>());
}

}  // namespace

void Store::record_stage(const StageRecord& stage) {
  Transaction transaction(connection_);
  Json facts = stage.facts;
  {
    Statement before(connection_, "SELECT facts FROM stage WHERE key = ?");
    before.bind_all(stage.key);
    if (before.step()) add_up(facts, Json::parse(before.text(0)));
  }
  Statement(
      connection_,
      "INSERT INTO stage(key, kind, state, attempts, error, seconds, bytes, facts, updated_ms) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO UPDATE SET "
      "state = excluded.state, attempts = stage.attempts + excluded.attempts, "
      "error = excluded.error, seconds = stage.seconds + excluded.seconds, bytes = excluded.bytes, "
      "facts = excluded.facts, updated_ms = excluded.updated_ms")
      .run(stage.key, stage.kind, stage.state, stage.attempts, stage.error, stage.seconds,
           stage.bytes, facts, now_ms());
  base::fault_point("store.record_stage.before");
  transaction.commit();
  base::fault_point("store.record_stage.after");
}

bool Store::has_items(const std::string& dataset_key) const {
  Statement row(connection_, "SELECT 1 FROM dataset WHERE key = ? AND content_sha256 IS NOT NULL");
  row.bind_all(dataset_key);
  return row.step();
}

namespace {

/// A list as JSON; null if it is empty or absent.
Json list_or_null(const Json& question, const char* name) {
  const auto found = question.find(name);
  return found == question.end() || found->empty() ? Json() : *found;
}

}  // namespace

void Store::add_items(const std::string& dataset_key, const Json& items) {
  Transaction transaction(connection_);
  Statement dataset(connection_, "SELECT dataset_id FROM dataset WHERE key = ?");
  dataset.bind_all(dataset_key);
  if (!dataset.step()) {
    throw std::logic_error("add_items: dataset '" + dataset_key + "' is in no plan");
  }
  const auto id = dataset.integer(0);
  dataset.reset();
  Statement add(connection_,
                "INSERT INTO item(dataset_id, position, id, groups, slices, labels, question, "
                "choices, answers) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "question = excluded.question, choices = excluded.choices, "
                "answers = excluded.answers");
  std::int64_t position = 0;
  for (const auto& item : items) {
    const auto question = item.size() > 4 && item.at(4).is_object() ? item.at(4) : Json::object();
    add.run(id, position++, item.at(0), item.at(1), item.at(2), item.at(3),
            question.contains("text") ? question.at("text") : Json(),
            list_or_null(question, "choices"), list_or_null(question, "answers"));
  }
  Statement(connection_, "UPDATE dataset SET content_sha256 = ? WHERE dataset_id = ?")
      .run(content_of_items(connection_, id), id);
  base::fault_point("store.add_items.before");
  transaction.commit();
  base::fault_point("store.add_items.after");
}

std::string Store::relative(const std::string& path) const {
  const auto folder = std::filesystem::absolute(file_).lexically_normal().parent_path();
  const auto inside = std::filesystem::path(path).lexically_normal().lexically_relative(folder);
  return inside.empty() || *inside.begin() == ".." ? path : inside.string();
}

std::filesystem::path Store::resolve(const std::string& path) const {
  const auto folder = std::filesystem::absolute(file_).parent_path();
  const auto there = folder / path;  // an absolute path is unchanged
  if (std::filesystem::exists(there)) return there;
  // Where the folder has moved, the end of the path leads to the file.
  auto part = there.relative_path();
  while (!part.empty()) {
    if (const auto moved = folder / part; std::filesystem::exists(moved)) return moved;
    part = part.lexically_relative(*part.begin());
    if (part == ".") break;
  }
  return there;
}

void Store::record_comparisons(std::int64_t experiment, const std::vector<ComparisonRow>& rows) {
  Transaction transaction(connection_);
  Statement clear(connection_,
                  "DELETE FROM comparison WHERE experiment_id = ? AND axis = ? AND base = ? "
                  "AND (hypothesis = '') = ?");
  std::set<std::tuple<std::string, std::string, bool>> cleared;
  for (const auto& row : rows) {
    const bool exploratory = row.hypothesis.empty();
    if (cleared.emplace(row.axis, row.base, exploratory).second)
      clear.run(experiment, row.axis, row.base, exploratory ? 1 : 0);
  }
  Statement add(connection_,
                "INSERT INTO comparison(experiment_id, axis, base, candidate, hypothesis, task, "
                "slice_dimension, slice, metric, unit, base_value, candidate_value, delta, ci_low, "
                "ci_high, p_value, p_adjusted, correction, method, items, groups, seeds, missing, "
                "margin, verdict, note, created_ms, condition) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
                "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& row : rows) {
    add.run(experiment, row.axis, row.base, row.candidate, row.hypothesis, row.task,
            row.slice_dimension, row.slice, row.metric, row.unit, row.base_value,
            row.candidate_value, row.delta, row.ci_low, row.ci_high, row.p_value, row.p_adjusted,
            row.correction, row.method, row.items, row.groups, row.seeds, row.missing, row.margin,
            row.verdict, row.note, now_ms(), row.condition);
  }
  transaction.commit();
}

Snapshot::Snapshot(const Store& store) : store_(&store) {
  // The state is that of the first read.
  for (const auto* sql : {"BEGIN", "SELECT count(*) FROM schema_migration"})
    Statement(connection_of(store), sql).step();
}

Snapshot::~Snapshot() {
  try {
    Statement(connection_of(*store_), "ROLLBACK").step();
  } catch (const Failure&) {  // it ends with the connection
  }
}

}  // namespace earshot::host
