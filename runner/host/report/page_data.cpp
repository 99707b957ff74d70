#include "host/report/page_data.hpp"

#include "host/analyse/remembered.hpp"
#include "host/analyse/stored.hpp"
#include "host/report/answers.hpp"
#include "host/report/parts.hpp"

namespace earshot::host {

EARSHOT_JSON_DEFINITIONS(ReportedDifference, ReportedClaim, ReportedComparison, ReportedRow,
                         ReportedColumn, ReportedScore, ReportedSlice, ReportedCost, ReportedCurve,
                         ReportedSample, ReportedGap, ReportedCorrelation, ReportedConfusion,
                         ReportedItem, ReportedSide, ReportedAnswers, ReportedCheck, ReportedTable,
                         ReportedStates, ReportedExperiment, ReportedSounds, PageData)

namespace {

ReportedExperiment experiment_of(const Store& store, const std::string& name, std::size_t index,
                                 AnswersOfPage& answers) {
  const auto revision = store.require_experiment(name);
  const auto design = read_design(store, revision);
  const StoredObservations stored(store);
  const RememberedObservations observations(stored);
  const Subject subject{store, name, revision, design, observations};
  ReportedExperiment report{.name = name};
  const auto judged = add_claims(report, subject);
  add_grid(report, subject);
  add_gaps(report, subject);
  answers.read(report, subject, index);
  add_configurations(report, subject);
  add_audit(report, subject, judged);
  add_provenance(report, subject);
  return report;
}

}  // namespace

PageData page_data(const Store& store, const std::vector<std::string>& experiments,
                   const AnswerLimits& limits) {
  const Snapshot snapshot(store);
  PageData data;
  AnswersOfPage answers(limits);
  for (const auto& name : experiments)
    data.experiments.push_back(experiment_of(store, name, data.experiments.size(), answers));
  data.answers = answers.disagreements(data.left_out);
  return data;
}

}  // namespace earshot::host
