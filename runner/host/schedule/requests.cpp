#include "host/schedule/requests.hpp"

#include <algorithm>
#include <set>

#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

protocol::ItemsRequest items_request(const Job& job, const Plan& plan) {
  const auto user = std::find_if(plan.cells.begin(), plan.cells.end(), [&](const auto& cell) {
    return cell.dataset_key == job.dataset && !cell.key.empty();
  });
  protocol::DatasetRef dataset;
  dataset.component = plan.datasets.at(job.dataset).component;
  dataset.key = job.dataset;
  dataset.file_hashes = user->dataset->file_hashes;
  dataset.items_hash = user->dataset->items_hash;
  dataset.files_digest = user->dataset->files_digest;
  return {dataset};
}

protocol::PretrainRequest pretrain_request(const Job& job, const Plan& plan,
                                           const RunSettings& settings, std::int64_t threads) {
  auto request = plan.pretrain.at(job.pretrain).request;
  request.cache = protocol::path_text(settings.cache);
  request.device = plan.experiment.resources.device;
  request.threads = threads;
  return request;
}

/// Whether encoders other than those of a job take the audio of its dataset, now or in an earlier
/// run: then the audio that it synthesizes is worth keeping.
bool is_read_by_others(const Plan& plan, const Job& job, const std::string& dataset) {
  const auto encoder_of = [](const FeatureStage& stage) {
    return protocol::canonical(Json(stage.source.encoder));
  };
  std::set<std::string> its_own;
  for (const auto& key : job.features)
    its_own.insert(encoder_of(plan.features.at(key)));
  return std::any_of(plan.features.begin(), plan.features.end(), [&](const auto& entry) {
    const auto& stage = entry.second;
    return stage.dataset.key == dataset && stage.sources.empty() &&
           !its_own.contains(encoder_of(stage));
  });
}

protocol::FeaturesRequest features_request(const Job& job, const Plan& plan,
                                           const RunSettings& settings, std::int64_t threads) {
  protocol::FeaturesRequest request;
  request.dataset = without_fold(plan.features.at(job.features.front()).dataset);
  for (const auto& key : job.features)
    request.sources.push_back(plan.features.at(key).source);
  request.cache = protocol::path_text(settings.cache);
  request.device = plan.experiment.resources.device;
  request.threads = threads;
  request.keep_made_audio = is_read_by_others(plan, job, request.dataset.key);
  return request;
}

protocol::CellRequest cell_request(const Job& job, const Plan& plan, const RunSettings& settings,
                                   std::int64_t threads) {
  const auto& cell = plan.cells[job.cell];
  auto request = cell.request();
  request.cache = protocol::path_text(settings.cache);
  request.state_folder = protocol::path_text(settings.beside("state"));
  request.artifact_folder = protocol::path_text(settings.beside("artifacts") / cell.key);
  request.device = plan.experiment.resources.device;
  request.threads = threads;
  return request;
}

}  // namespace

std::filesystem::path RunSettings::beside(const char* folder) const {
  return std::filesystem::absolute(results).parent_path() / folder;
}

protocol::DatasetRef without_fold(protocol::DatasetRef dataset) {
  if (dataset.limit == 0) dataset.fold = 0;
  return dataset;
}

JobRequest request_of(const Job& job, const Plan& plan, const RunSettings& settings,
                      std::int64_t threads) {
  switch (job.kind) {
    case Job::Kind::items:
      return items_request(job, plan);
    case Job::Kind::pretrain:
      return pretrain_request(job, plan, settings, threads);
    case Job::Kind::features:
      return features_request(job, plan, settings, threads);
    case Job::Kind::cell:
      break;
  }
  return cell_request(job, plan, settings, threads);
}

}  // namespace earshot::host
