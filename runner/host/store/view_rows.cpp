#include "host/store/view_rows.hpp"

#include <algorithm>
#include <array>

#include <sqlite3.h>

#include "host/store/inside.hpp"

namespace earshot::host {
namespace {

// SQLite declares no types for columns that are expressions, or others in another version.
constexpr std::array integer_columns = {
    "seed",       "fold",     "n",     "is_primary",    "higher_is_better", "run_id",
    "position",   "items",    "rank",  "in_domain",     "replicates",       "seeds",
    "folds",      "runs",     "cells", "item_position", "comparable",       "attempts",
    "started_ms", "ended_ms", "step",  "bytes",         "parameters",       "peak_bytes"};
constexpr std::array real_columns = {"value",
                                     "ci_low",
                                     "ci_high",
                                     "base_value",
                                     "delta",
                                     "candidate_value",
                                     "lowest",
                                     "highest",
                                     "number",
                                     "mark",
                                     "correct",
                                     "ours",
                                     "reference",
                                     "difference",
                                     "seconds",
                                     "audio_seconds",
                                     "bits_per_second",
                                     "audio_per_second",
                                     "real_time_factor",
                                     "frames_per_second",
                                     "effective_rank"};

template <std::size_t count>
bool contains(const std::array<const char*, count>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

ViewColumn::Type type_of(const std::string& view, const std::string& column) {
  if (view == "answer" && column == "value") return ViewColumn::Type::text;  // the class
  if (column == "scores") return ViewColumn::Type::bytes;
  if (contains(integer_columns, column)) return ViewColumn::Type::integer;
  return contains(real_columns, column) ? ViewColumn::Type::real : ViewColumn::Type::text;
}

// Pretraining is shared by experiments, so that its rows name none.
const std::string shared_training_sql =
    " UNION ALL SELECT * FROM training WHERE kind = 'pretrain' AND cell IN "
    "(SELECT substr(t.key, 1, 12) FROM experiment e "
    " JOIN experiment_cell m ON m.experiment_id = e.experiment_id "
    " JOIN run r ON r.cell_id = m.cell_id JOIN run_stage x ON x.run_id = r.run_id "
    " JOIN stage t ON t.stage_id = x.stage_id WHERE e.name = ?1 AND e.latest = 1)";

}  // namespace

const std::vector<std::string>& view_names() {
  static const std::vector<std::string> names = {
      "result",    "answer",     "slice_delta", "category_delta", "leaderboard",
      "published", "cell_state", "failure",     "training",       "cost"};
  return names;
}

ViewRows::ViewRows(const Store& store, const std::string& view, const std::string& experiment)
    : view_(view),
      file_(connection_of(store).name()),
      rows_(connection_of(store), "SELECT * FROM " + view + " WHERE experiment = ?1" +
                                      (view == "training" ? shared_training_sql : "")) {
  rows_.bind_all(experiment);
  for (int i = 0; i < rows_.columns(); ++i)
    columns_.push_back({rows_.column_name(i), type_of(view, rows_.column_name(i))});
}

void ViewRows::require_number(std::size_t column) const {
  const int type = sqlite3_column_type(rows_.handle(), static_cast<int>(column));
  if (type != SQLITE_INTEGER && type != SQLITE_FLOAT)
    refuse_store(file_, "column '" + columns_[column].name + "' of view '" + view_ +
                            "' contains something that is not a number");
}

std::int64_t ViewRows::integer(std::size_t column) const {
  require_number(column);
  return rows_.integer(static_cast<int>(column));
}

double ViewRows::real(std::size_t column) const {
  require_number(column);
  return rows_.real(static_cast<int>(column));
}

}  // namespace earshot::host
