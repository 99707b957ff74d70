#include "host/analyse/stored.hpp"

#include <algorithm>
#include <tuple>

#include "host/analyse/compare.hpp"
#include "host/analyse/observed.hpp"
#include "host/base/failure.hpp"
#include "host/store/revisions.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

std::vector<ItemTraits> StoredObservations::items(std::int64_t dataset) const {
  return items_of(store_, dataset);
}

std::vector<Mark> StoredObservations::marks(std::int64_t run, const std::string& metric) const {
  return marks_of(store_, run, metric);
}

std::vector<std::int64_t> StoredObservations::predicted(std::int64_t run) const {
  return predicted_items(store_, run);
}

std::optional<RecordedScore> StoredObservations::score(std::int64_t run, const std::string& metric,
                                                       const SliceName& slice) const {
  return score_of(store_, run, metric, slice.dimension, slice.name);
}

std::optional<MetricDefinition> StoredObservations::definition(std::int64_t run,
                                                               const std::string& metric) const {
  return definition_of(store_, run, metric);
}

std::vector<std::string> StoredObservations::metrics(std::int64_t experiment) const {
  return metric_names(store_, experiment);
}

namespace {

Claims claims_of(const ResolvedExperiment& recorded) {
  return claims_in(
      recorded.resolved.is_object() ? recorded.resolved.value("claims", Json()) : Json(),
      recorded.place);
}

}  // namespace

Design read_design(const Store& store, std::int64_t experiment) {
  const auto recorded = resolved_experiment(store, experiment);
  return make_design(recorded.name, experiment, claims_of(recorded),
                     design_cells(store, experiment));
}

std::int64_t find_revision(const Store& store, const std::string& text) {
  const auto at = text.rfind('@');
  if (at == std::string::npos || store.experiment(text)) return store.require_experiment(text);
  const auto name = text.substr(0, at), wanted = text.substr(at + 1);
  store.require_experiment(name);
  auto revisions = revisions_of(store, name);
  std::stable_sort(revisions.begin(), revisions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.latest, a.created_ms) < std::tie(b.latest, b.created_ms);
  });
  std::vector<std::int64_t> found;
  std::vector<std::string> known;
  std::int64_t previous = 0;
  for (const auto& revision : revisions) {
    known.push_back(name + "@" + revision.hash.substr(0, 8));
    if (!revision.latest) previous = revision.id;
    if (!wanted.empty() && revision.hash.starts_with(wanted)) found.push_back(revision.id);
  }
  if (wanted == "previous" && previous != 0) return previous;
  if (found.size() == 1) return found.front();
  throw Failure(ExitCode::usage,
                "runner compare: " + std::string(found.empty() ? "no" : "several") +
                    " revisions '" + text + "'; allowed are " + protocol::join(known, true) +
                    (previous == 0 ? "" : ", '" + name + "@previous'"));
}

Comparison compare(const Store& store, const CompareOptions& options) {
  auto design = read_design(store, find_revision(store, options.experiment));
  const auto experiment = design.experiment;
  std::optional<Design> other;
  if (!options.with.empty()) other = read_design(store, find_revision(store, options.with));
  auto comparison =
      compare(std::move(design), std::move(other), StoredObservations(store), options);
  comparison.provenance =
      provenance_lines(encoder_weights(store, experiment), answer_origins(store, experiment));
  return comparison;
}

std::vector<Verdict> verdicts(const Store& store, const std::string& experiment) {
  const auto id = store.require_experiment(experiment);
  const auto recorded = resolved_experiment(store, id);
  if (claims_of(recorded).hypotheses.empty()) return {};
  return verdicts(read_design(store, id), StoredObservations(store));
}

std::vector<std::string> verdict_lines(const Store& store, const std::string& experiment) {
  return lines_of(verdicts(store, experiment));
}

ObservedPairs observed_pairs(const Store& store, const std::string& experiment,
                             const std::string& dataset_key, const std::string& dataset_label) {
  return observed_pairs(test_runs(store, dataset_key, experiment, dataset_label),
                        StoredObservations(store));
}

}  // namespace earshot::host
