#include "worker/stage/pretrain_stage.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "base/fault.hpp"
#include "protocol/path_text.hpp"
#include "worker/cache/disk.hpp"
#include "worker/plugin/device.hpp"
#include "worker/plugin/leftovers.hpp"
#include "worker/plugin/shared_state.hpp"
#include "worker/stage/host_trial.hpp"
#include "worker/stage/metrics.hpp"
#include "worker/stage/state_file.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;

constexpr const char* artifacts_folder = "artifacts";  // next to the state

bool is_intact(const fs::path& file) {
  if (!fs::exists(file)) return false;
  try {
    read_state(file);
    return true;
  } catch (const std::exception&) {
    return false;  // damaged: trained again, with the same result
  }
}

std::int64_t size_of(const fs::path& file) {
  return static_cast<std::int64_t>(fs::file_size(file));
}

/// The cell whose fit does the training.
protocol::CellRequest as_cell(const protocol::PretrainRequest& request) {
  const auto folder = protocol::path_of(request.file).parent_path();
  protocol::CellRequest cell;
  cell.dataset = request.dataset;
  if (!request.encoder.plugin.empty())
    cell.features.push_back({.encoder = request.encoder, .from = request.from});
  cell.language_model = request.language_model;
  cell.evaluator = request.evaluator;
  cell.seed = request.seed;
  cell.state_folder = protocol::path_text(folder.parent_path());
  cell.fit_key = folder.filename().string();
  cell.artifact_folder = protocol::path_text(folder / artifacts_folder);
  cell.cache = request.cache;
  cell.device = request.device;
  cell.threads = request.threads;
  return cell;
}

void train(const protocol::PretrainRequest& request, Session& session) {
  const auto start = std::chrono::steady_clock::now();
  const auto cell = as_cell(request);
  const auto made =
      make(cell.evaluator, open_device(cell.device), cell_seed(cell.seed, "evaluator"));
  auto& evaluator = made.require<Evaluator>();
  HostTrial trial(cell, evaluator.uses(), metric_names(evaluator), session);
  trial.begin(HostTrial::Stage::fit);
  if (trial.size(Split::train) == 0)
    throw DataError("the dataset for pretraining has no training items");
  call_plugin([&] { return made.name; }, [&] { evaluator.fit(trial); });
  if (trial.stopped())
    throw DataError("interrupted as requested; run again to continue from the saved state");
  auto& components = trial.components();
  check_unchanged(cell);
  write_state(protocol::path_of(request.file), request.encoder.plugin.empty()
                                                   ? components.language_model().state()
                                                   : components.trained_encoder());
  base::fault_point("pretrained-state-written");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  trial.end("pretrain", took.count(), false);
}

/// Says what an earlier training has left, since the results may not know it yet.
void send_artifacts(const fs::path& folder, Session& session) {
  std::vector<fs::path> files;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder, absent))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files)
    session.send(protocol::event::Artifact{.name = protocol::path_text(file.filename()),
                                           .path = protocol::path_text(file)});
}

}  // namespace

protocol::PretrainResult pretrain_stage(const protocol::PretrainRequest& request,
                                        Session& session) {
  const auto file = protocol::path_of(request.file);
  if (is_intact(file)) {
    send_artifacts(file.parent_path() / artifacts_folder, session);
    return {.reused = true, .bytes = size_of(file)};
  }
  const at::NoGradGuard no_grad;
  use_threads(static_cast<int>(std::max<std::int64_t>(1, request.threads)));
  remove_leftovers(file.parent_path());
  with_fresh_start([&] { train(request, session); });
  return {.bytes = size_of(file)};
}

void verify_pretrained(const fs::path& cache, protocol::CacheVerifyResult& result) {
  std::vector<std::string> bad;
  std::error_code absent;
  for (const auto& entry : fs::recursive_directory_iterator(cache / "pretrained", absent)) {
    if (entry.path().extension() != ".state") continue;
    ++result.states;
    if (is_intact(entry.path()))
      result.bytes += size_of(entry.path());
    else
      bad.push_back(entry.path().string());
  }
  std::sort(bad.begin(), bad.end());
  result.bad.insert(result.bad.end(), bad.begin(), bad.end());
}

}  // namespace earshot::worker
