#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <tuple>
#include <unordered_map>

#include "base/fault.hpp"
#include "host/store/clock.hpp"
#include "host/store/store.hpp"
#include "protocol/hash.hpp"

namespace earshot::host {
namespace {

using Axes = std::vector<std::pair<std::string, Json>>;

std::string value_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : protocol::canonical(value);
}

/// Hashes of axis labels. The hash of a set of labels is the sum of their hashes, so that labels
/// can be removed by subtraction.
class LabelHash {
 public:
  std::uint64_t of(const std::string& axis, const Json& value) {
    auto text = axis + '\0' + protocol::canonical(value);  // "5" is not 5
    const auto known = hashes_.find(text);
    if (known != hashes_.end()) return known->second;
    const auto hash = protocol::hash64(text);
    hashes_.emplace(std::move(text), hash);
    return hash;
  }

  std::uint64_t of(const Axes& axes) {
    std::uint64_t sum = 0;
    for (const auto& [axis, value] : axes)
      sum += of(axis, value);
    return sum;
  }

  /// In the range of SQLite's integers: 63 bits, not negative.
  static std::int64_t stored(std::uint64_t hash) { return static_cast<std::int64_t>(hash >> 1); }

 private:
  std::unordered_map<std::string, std::uint64_t> hashes_;
};

bool differs_along(const std::string& axis, const std::string& other, const CellRecord& cell,
                   const std::vector<std::string>& chosen) {
  if (axis == other || std::count(chosen.begin(), chosen.end(), other) > 0) return true;
  return std::any_of(cell.zips.begin(), cell.zips.end(), [&](const auto& zip) {
    return std::count(zip.begin(), zip.end(), axis) > 0 &&
           std::count(zip.begin(), zip.end(), other) > 0;
  });
}

/// "task.lr=0.0001 cut=2": the axes without a column of their own.
std::string variant(const Axes& axes) {
  static const std::vector<std::string> columns{"encoder",        "dataset", "task", "mapper",
                                                "language_model", "seed",    "fold"};
  std::string text;
  for (const auto& [axis, value] : axes) {
    if (std::count(columns.begin(), columns.end(), axis) > 0) continue;
    text += (text.empty() ? "" : " ") + axis + "=" + value_text(value);
  }
  return text;
}

/// "audio, caption": the origins of the dataset's reference answers, from its slices; or null.
Json gold_from(const protocol::DatasetInfo& info) {
  const auto role = info.slice_roles.find("answer_origin");
  if (role == info.slice_roles.end()) return nullptr;
  const auto slices = info.slices.find(role->second);
  if (slices == info.slices.end()) return nullptr;
  std::string text;
  for (const auto& [name, items] : slices->items())
    text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? Json() : Json(text);
}

Json examples_of(const protocol::LeftOuts& left_out) {
  Json examples = left_out.rows.examples;
  for (const auto& example : left_out.files.examples)
    examples.push_back(example);
  return examples;
}

std::string revision_of(const ExperimentRecord& experiment, const std::vector<CellRecord>& cells) {
  std::string text = protocol::canonical(experiment.resolved);
  for (const auto& cell : cells)
    text += "\n" + (cell.key.empty() ? "skipped: " + cell.skipped : cell.key);
  return protocol::sha256(std::string_view(text));
}

/// Writes one revision, within the caller's transaction.
class PlanWriter {
 public:
  PlanWriter(Connection& connection, std::int64_t experiment)
      : connection_(connection),
        experiment_(experiment),
        find_cell_(connection, "SELECT cell_id FROM cell WHERE key = ?"),
        add_cell_(connection,
                  "INSERT INTO cell(key, dataset_id, primary_metric, split, identity, target) "
                  "VALUES (?, ?, ?, ?, ?, ?)") {}

  void add_datasets(const std::vector<DatasetRecord>& datasets) {
    Statement add(
        connection_,
        "INSERT INTO dataset(key, component, items, train, validation, test, synthesized, "
        "info, gold_from, rows_left_out, files_left_out, left_out) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO UPDATE SET "
        "info = excluded.info, gold_from = excluded.gold_from, "
        "rows_left_out = excluded.rows_left_out, files_left_out = excluded.files_left_out, "
        "left_out = excluded.left_out");
    Statement link(connection_,
                   "INSERT INTO experiment_dataset VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
    for (const auto& dataset : datasets) {
      const auto& info = dataset.info;
      add.run(dataset.key, dataset.component, info.items, info.train, info.validation, info.test,
              info.synthesized ? 1 : 0, Json(info), gold_from(info), dataset.left_out.rows.found,
              dataset.left_out.files.found, examples_of(dataset.left_out));
      link.run(experiment_, id("SELECT dataset_id FROM dataset WHERE key = ?", dataset.key),
               dataset.label);
    }
  }

  void add_cells(const std::vector<CellRecord>& cells, const std::vector<std::string>& chosen) {
    Statement member(connection_,
                     "INSERT INTO experiment_cell(experiment_id, position, cell_id, encoder, "
                     "dataset, task, mapper, language_model, weights, seed, fold, variant, labels, "
                     "pretrain_data, in_domain, skipped) VALUES "
                     "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (std::size_t position = 0; position < cells.size(); ++position) {
      const auto& cell = cells[position];
      const auto cell_id = cell.key.empty() ? 0 : cell_id_of(cell);
      const auto place = static_cast<std::int64_t>(position);
      const auto labels = collect_axes(cell, cell_id, place, chosen);
      member.run(experiment_, place, id_or_null(cell_id), cell.encoder, cell.dataset, cell.task,
                 cell.mapper, cell.language_model, cell.weights, cell.seed, cell.fold,
                 variant(cell.axes), LabelHash::stored(labels), cell.pretrain_data, cell.in_domain,
                 cell.key.empty() ? Json(cell.skipped) : Json());
    }
    write_axes();
  }

  void add_references(const std::vector<ReferenceRecord>& references) {
    Statement add(connection_,
                  "INSERT INTO reference(experiment_id, match, metric, value, source, protocol, "
                  "comparable) VALUES (?, ?, ?, ?, ?, ?, ?)");
    Statement link(connection_, "INSERT INTO reference_cell VALUES (?, ?) ON CONFLICT DO NOTHING");
    for (const auto& reference : references) {
      add.run(experiment_, reference.match, reference.metric, reference.value, reference.source,
              reference.protocol, reference.comparable ? 1 : 0);
      const auto reference_id = connection_.last_id();
      for (const auto& key : reference.cells) {
        link.run(reference_id, id("SELECT cell_id FROM cell WHERE key = ?", key));
      }
    }
  }

 private:
  struct AxisRow {
    std::int64_t axis, value, peer, position, cell;  ///< cell 0: it cannot run
    auto tie() const { return std::tie(axis, value, peer, position); }
  };

  std::int64_t id(const char* sql, const std::string& key) {
    Statement row(connection_, sql);
    row.bind_all(key);
    if (!row.step()) throw std::logic_error("record_plan: nothing has the key '" + key + "'");
    return row.integer(0);
  }

  static Json id_or_null(std::int64_t id) { return id == 0 ? Json() : Json(id); }

  std::int64_t cell_id_of(const CellRecord& cell) {
    find_cell_.bind_all(cell.key);
    const auto known = find_cell_.step() ? find_cell_.integer(0) : 0;
    find_cell_.reset();
    if (known != 0) return known;
    auto& dataset = datasets_[cell.dataset_key];
    if (dataset == 0)
      dataset = id("SELECT dataset_id FROM dataset WHERE key = ?", cell.dataset_key);
    add_cell_.run(cell.key, dataset, cell.primary, cell.split, protocol::canonical(cell.identity),
                  cell.target);
    return connection_.last_id();
  }

  std::int64_t axis_id(const std::string& name) {
    auto& known = axes_[name];
    if (known == 0) {
      Statement(connection_, "INSERT INTO axis(name) VALUES (?) ON CONFLICT DO NOTHING").run(name);
      known = id("SELECT axis_id FROM axis WHERE name = ?", name);
    }
    return known;
  }

  std::int64_t value_id(std::int64_t axis, const std::string& value) {
    auto& known = values_[axis][value];
    if (known == 0) {
      Statement(connection_,
                "INSERT INTO axis_value(axis_id, value) VALUES (?, ?) ON CONFLICT DO NOTHING")
          .run(axis, value);
      Statement row(connection_, "SELECT value_id FROM axis_value WHERE axis_id = ? AND value = ?");
      row.bind_all(axis, value).step();
      known = row.integer(0);
    }
    return known;
  }

  /// @returns the hash of all labels
  std::uint64_t collect_axes(const CellRecord& cell, std::int64_t cell_id, std::int64_t position,
                             const std::vector<std::string>& chosen) {
    std::vector<std::string> values;
    std::vector<std::uint64_t> hashes;
    for (const auto& [axis, value] : cell.axes) {
      values.push_back(value_text(value));
      hashes.push_back(labels_.of(axis, value));
    }
    const auto all = std::accumulate(hashes.begin(), hashes.end(), std::uint64_t{0});
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto peer = all;
      for (std::size_t other = 0; other < values.size(); ++other) {
        if (differs_along(cell.axes[i].first, cell.axes[other].first, cell, chosen)) {
          peer -= hashes[other];
        }
      }
      const auto axis = axis_id(cell.axes[i].first);
      rows_.push_back(
          {axis, value_id(axis, values[i]), LabelHash::stored(peer), position, cell_id});
    }
    return all;
  }

  /// Inserts in the order of the primary key, which is three times as fast.
  void write_axes() {
    std::sort(rows_.begin(), rows_.end(),
              [](const auto& a, const auto& b) { return a.tie() < b.tie(); });
    Statement add(
        connection_,
        "INSERT INTO cell_axis(experiment_id, axis_id, value_id, peer, position, cell_id) "
        "VALUES (?, ?, ?, ?, ?, ?)");
    for (const auto& row : rows_) {
      add.run(experiment_, row.axis, row.value, row.peer, row.position, id_or_null(row.cell));
    }
  }

  Connection& connection_;
  std::int64_t experiment_;
  Statement find_cell_, add_cell_;
  LabelHash labels_;
  std::unordered_map<std::string, std::int64_t> datasets_;
  std::unordered_map<std::string, std::int64_t> axes_;
  std::unordered_map<std::int64_t, std::unordered_map<std::string, std::int64_t>> values_;
  std::vector<AxisRow> rows_;
};

}  // namespace

std::int64_t Store::record_plan(const ExperimentRecord& experiment,
                                const std::vector<CellRecord>& cells,
                                const std::vector<DatasetRecord>& datasets,
                                const Json& provenance) {
  provenance_ = provenance;
  provenance_id_ = 0;
  const auto revision = revision_of(experiment, cells);
  Statement known(connection_,
                  "SELECT experiment_id, latest = 1 AND file = ? AND source = ? FROM experiment "
                  "WHERE name = ? AND revision = ?");
  known.bind_all(experiment.file, experiment.source, experiment.name, revision);
  if (known.step() && known.integer(1) == 1) return known.integer(0);
  known.reset();

  Transaction transaction(connection_);
  Statement(connection_, "UPDATE experiment SET latest = 0 WHERE name = ? AND latest = 1")
      .run(experiment.name);
  std::int64_t id = 0;
  if (known.step()) {
    id = known.integer(0);
    Statement(connection_,
              "UPDATE experiment SET latest = 1, file = ?, source = ? WHERE experiment_id = ?")
        .run(experiment.file, experiment.source, id);
  } else {
    Statement(connection_,
              "INSERT INTO experiment(name, revision, latest, question, file, source, resolved, "
              "overrides, created_ms) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)")
        .run(experiment.name, revision, experiment.question, experiment.file, experiment.source,
             protocol::canonical(experiment.resolved), protocol::canonical(experiment.overrides),
             now_ms());
    id = connection_.last_id();
    PlanWriter writer(connection_, id);
    writer.add_datasets(datasets);
    writer.add_cells(cells, experiment.chosen);
    writer.add_references(experiment.references);
  }
  known.reset();
  base::fault_point("store.record_plan.before");
  transaction.commit();
  base::fault_point("store.record_plan.after");
  return id;
}

Json Store::previous_identity(const std::string& experiment, const Axes& axes) const {
  LabelHash labels;
  Statement row(connection_,
                "SELECT c.identity FROM experiment_cell m "
                "CROSS JOIN experiment e ON e.experiment_id = m.experiment_id AND e.name = ? "
                "CROSS JOIN cell c ON c.cell_id = m.cell_id AND c.split = 'test' "
                "CROSS JOIN run r ON r.cell_id = m.cell_id AND r.state = 'ok' "
                "WHERE m.labels = ? ORDER BY r.ended_ms DESC, r.run_id DESC LIMIT 1");
  row.bind_all(experiment, LabelHash::stored(labels.of(axes)));
  return row.step() ? Json::parse(row.text(0)) : Json();
}

}  // namespace earshot::host
