#include <cmath>

#include "host/analyse/compare.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

std::string joined(const Json& list) {
  std::vector<std::string> texts;
  for (const auto& element : list)
    texts.push_back(element.is_string() ? element.get<std::string>() : element.dump());
  return protocol::join(texts);
}

/// Items of each origin; what is no number counts as none.
double number_of(const Json& items) {
  return items.is_number() ? items.get<double>() : 0;
}

/// What is known of the encoders' weights: a table of differences is read with that in mind.
std::vector<std::string> checkpoints_of(const Store& store, std::int64_t experiment) {
  Statement rows(store.connection(),
                 "SELECT encoder, weights, max(pretrain_data), "
                 "json_group_array(DISTINCT dataset) FILTER (WHERE in_domain = 1) "
                 "FROM experiment_cell WHERE experiment_id = ? "
                 "GROUP BY encoder, weights HAVING weights <> '' OR max(pretrain_data) IS NOT NULL "
                 "ORDER BY min(position)");
  rows.bind_all(experiment);
  std::vector<std::string> lines;
  while (rows.step()) {
    auto line = rows.text(0) + ": " + (rows.text(1).empty() ? "" : rows.text(1) + ", ");
    if (rows.is_null(2)) {
      line += "training data not stated";
    } else {
      const auto data = recorded_json(store, rows.text(2), "pretrain_data of " + rows.text(0));
      line += data.empty() ? "untrained" : "trained on " + joined(data);
    }
    const auto heard = recorded_json(store, rows.text(3), "datasets of " + rows.text(0));
    lines.push_back(line + (heard.empty() ? "" : "; in domain: " + joined(heard)));
  }
  return lines;
}

/// Where datasets have the right answers from, as their slice `gold_from` says: somebody who has
/// listened, or a model that has read a caption.
std::vector<std::string> gold_of(const Store& store, std::int64_t experiment) {
  Statement rows(store.connection(),
                 "SELECT x.label, json_extract(d.info, '$.slices.gold_from') "
                 "FROM experiment_dataset x JOIN dataset d ON d.dataset_id = x.dataset_id "
                 "WHERE x.experiment_id = ? ORDER BY x.label");
  rows.bind_all(experiment);
  std::vector<std::string> lines;
  while (rows.step()) {
    if (rows.is_null(1)) continue;
    const auto golds = recorded_json(store, rows.text(1), "dataset " + rows.text(0));
    double all = 0;
    for (const auto& [from, items] : golds.items())
      all += number_of(items);
    if (all == 0) continue;
    std::vector<std::string> shares;
    for (const auto& [from, items] : golds.items())
      shares.push_back(std::to_string(std::lround(100 * number_of(items) / all)) + " % " + from);
    lines.push_back("reference answers of " + rows.text(0) + ": " + protocol::join(shares));
  }
  return lines;
}

}  // namespace

std::vector<std::string> provenance_lines(const Store& store, std::int64_t experiment) {
  auto lines = checkpoints_of(store, experiment);
  for (auto& line : gold_of(store, experiment))
    lines.push_back(std::move(line));
  return lines;
}

}  // namespace earshot::host
