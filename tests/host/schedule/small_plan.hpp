#pragma once
#include <memory>
#include <string>
#include <vector>

#include "files.hpp"
#include "host/plan/plan.hpp"
#include "host/schedule/recorder.hpp"
#include "host/store/store.hpp"
#include "protocol/hash.hpp"
#include "temporary_folder.hpp"

namespace earshot::host {

using earshot::testing::TemporaryFolder;
using earshot::testing::text_of;

/// A plan made by hand: cells of encoders and tasks whose names say what the scripted worker does.
class SmallPlan {
 public:
  SmallPlan() {
    plan.experiment.name = "small";
    plan.experiment.resources.jobs = 2;
    plan.experiment.resources.threads = 2;
  }

  /// A cell of `encoder` (none: it reads no features) and `task` on `dataset`.
  PlannedCell& add(const std::string& encoder, const std::string& task, std::int64_t seed = 0,
                   const std::string& dataset = "scenes") {
    PlannedCell planned;
    auto& cell = planned.cell;
    cell.encoder.label = encoder.empty() ? "none" : encoder;
    cell.task.label = task;
    cell.dataset.label = dataset;
    cell.seed = seed;
    cell.axes = {
        {"encoder", cell.encoder.label}, {"task", task}, {"dataset", dataset}, {"seed", seed}};
    planned.identity.encoder = std::make_shared<const std::string>(Json(encoder).dump());
    planned.identity.evaluator = std::make_shared<const std::string>(Json(task).dump());
    planned.identity.dataset.key = dataset;
    planned.identity.seed = seed;
    planned.key = planned.identity.key();
    planned.dataset_key = "data-" + dataset;
    planned.primary = "accuracy";
    planned.metrics = std::make_shared<const std::vector<protocol::Metric>>(
        1, protocol::Metric{"accuracy", "", "", true, true, 1});
    protocol::DatasetRef ref;
    ref.component = {"scripted.so", dataset, Json::object()};
    ref.key = planned.dataset_key;
    planned.dataset = std::make_shared<const protocol::DatasetRef>(ref);
    planned.evaluator = std::make_shared<const protocol::ComponentRef>(
        protocol::ComponentRef{"scripted.so", task, Json::object()});
    plan.datasets[planned.dataset_key] = {dataset, planned.dataset_key, ref.component, {}};
    if (!encoder.empty()) add_features(planned, encoder);
    plan.cells.push_back(std::move(planned));
    return plan.cells.back();
  }

  /// A cell whose encoder is trained first, by an evaluator of the encoder's name.
  PlannedCell& add_pretrained(const std::string& encoder, const std::string& task) {
    auto& planned = add(encoder, task);
    add_training(planned, encoder);
    return planned;
  }

  /// A cell of an encoder that reads others, whose features are planned already.
  PlannedCell& add_reader(const std::string& encoder, const std::vector<std::string>& from,
                          const std::string& task) {
    auto& planned = add(encoder, task);
    auto& stage = plan.features.at(planned.features);
    for (const auto& other : from) {
      const auto source = "features-" + other + "-" + planned.dataset_key;
      stage.sources.push_back(source);
      stage.source.from.push_back(plan.features.at(source).source);
    }
    return planned;
  }

  /// The same of one that is trained first, on what it reads: after the trainings of these
  /// encoders.
  PlannedCell& add_trained_reader(const std::string& encoder, const std::vector<std::string>& from,
                                  const std::string& task,
                                  const std::vector<std::string>& trained = {}) {
    auto& planned = add_reader(encoder, from, task);
    add_training(planned, encoder);
    const auto& stage = plan.features.at(planned.features);
    auto& training = plan.pretrain.at(stage.pretrain);
    training.sources = stage.sources;
    training.request.from = stage.source.from;
    for (const auto& other : trained)
      planned.pretrain.push_back("pretrain-" + other);
    return planned;
  }

  /// What planning would decide now.
  void decide(const Store& store) {
    std::vector<std::string> keys;
    for (const auto& cell : plan.cells)
      keys.push_back(cell.key);
    const auto finished = store.finished(keys);
    for (auto& cell : plan.cells)
      cell.decision = finished.contains(cell.key) ? Decision::cached : Decision::run;
  }

  Plan plan{};

 private:
  void add_training(PlannedCell& planned, const std::string& encoder) {
    const auto key = "pretrain-" + encoder;
    planned.pretrain = {key};
    auto& stage = plan.pretrain[key];
    stage.key = key;
    stage.table = Table::encoder;
    stage.label = encoder;
    stage.dataset_label = planned.cell.dataset.label;
    stage.request.encoder = stage.request.evaluator = {"scripted.so", encoder, Json::object()};
    stage.request.dataset = *planned.dataset;
    plan.features.at(planned.features).pretrain = key;
  }

  void add_features(PlannedCell& planned, const std::string& encoder) {
    planned.features = "features-" + encoder + "-" + planned.dataset_key;
    FeatureStage stage;
    stage.key = planned.features;
    stage.dataset_label = planned.cell.dataset.label;
    stage.encoder_label = encoder;
    stage.dataset = *planned.dataset;
    stage.source.encoder = {"scripted.so", encoder, Json::object()};
    stage.source.key = "source-" + encoder;
    plan.features[planned.features] = stage;
    planned.source = std::make_shared<const protocol::FeatureSource>(stage.source);
  }
};

/// Makes the plan's cells known to the store, as `runner run` does.
inline void record(const Plan& plan, Store& store) {
  const auto records = records_of(plan, {});
  store.record_plan(records.experiment, records.cells, records.datasets, Json::object());
}

}  // namespace earshot::host
