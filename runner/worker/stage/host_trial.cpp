#include "worker/stage/host_trial.hpp"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "base/fault.hpp"
#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"
#include "worker/audio/policy.hpp"
#include "worker/plugin/device.hpp"
#include "worker/stage/imported_predictions.hpp"
#include "worker/stage/state_file.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;
using protocol::Json;

constexpr std::size_t points_per_event = 10000;  // far below the largest frame
constexpr std::chrono::seconds between_curves{2};

/// Why each clip cannot be decoded; "" where it can. For cells that read audio and no features.
std::vector<std::string> unreadable_clips(ClipAudio& audio, std::int64_t clips) {
  std::vector<std::string> reasons(static_cast<std::size_t>(clips));
  at::parallel_for(0, clips, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto n = begin; n < end; ++n)
      try {
        audio.read(n, at::get_thread_num());
      } catch (const DataError& error) {
        reasons[static_cast<std::size_t>(n)] = protocol::readable(error.what());
      }
  });
  return reasons;
}

}  // namespace

HostTrial::HostTrial(const protocol::CellRequest& request, const Uses& uses,
                     std::vector<std::string> metrics, Session& session)
    : request_(request),
      uses_(uses),
      metrics_(std::move(metrics)),
      session_(session),
      device_(open_device(request.device)),
      dataset_(open_dataset(request.dataset)),
      features_(uses.features && request.predictions.empty() ? open_reader(false) : nullptr),
      codes_(uses.codes ? open_reader(true) : nullptr),
      sources_(open_sources()),
      clip_audio_(dataset_->view, at::get_num_threads(),
                  {protocol::path_of(request.cache), request.dataset.key,
                   uses.learner && !request.cache.empty()}),  // which hears a clip many times
      items_(dataset_, reasons()),
      components_(request, uses, device_, [this] { return reader(true).code_spec(); }) {}

// With two sources, the last is the teacher's and the first that of the encoder being trained.
std::shared_ptr<const FeatureReader> HostTrial::open_reader(bool codes) const {
  const auto& sources = request_.features;
  if (uses_.learner && sources.size() < 2) return nullptr;
  const auto source = std::find_if(sources.rbegin(), sources.rend(),
                                   [&](const auto& s) { return s.codes == codes; });
  return source == sources.rend() ? nullptr : dataset_->features(request_.cache, source->key);
}

std::optional<SourceFeatures> HostTrial::open_sources() const {
  if (!uses_.learner || request_.features.empty()) return std::nullopt;
  const auto& source = request_.features.front();
  if (source.encoder.sources.empty()) return std::nullopt;
  std::vector<Reads> reads;
  for (const auto& spec : source.encoder.sources)
    reads.push_back(spec.codes ? Reads::codes : Reads::features);
  return SourceFeatures(*dataset_, request_.cache, source, reads);
}

std::vector<std::string> HostTrial::reasons() {
  const auto clips = static_cast<std::int64_t>(dataset_->identities.size());
  std::vector<std::string> result(static_cast<std::size_t>(clips));
  if (uses_.audio && !features_ && !codes_ && !sources_)
    return unreadable_clips(clip_audio_, clips);
  for (std::int64_t n = 0; sources_ && n < clips; ++n)
    result[static_cast<std::size_t>(n)] = sources_->lost(n);
  for (const auto* reader : {features_.get(), codes_.get()})
    for (std::int64_t n = 0; reader != nullptr && n < clips; ++n)
      if (const auto& reason = reader->lost(n); !reason.empty())
        result[static_cast<std::size_t>(n)] = reason;
  return result;
}

void HostTrial::begin(Stage stage) {
  stage_ = stage;
  records_ = {};
  sent_.clear();
  items_.validate(stage == Stage::predict && request_.predict == "validation");
  at::manual_seed(seed(stage == Stage::fit ? "fit" : "predict", 0));
}

void HostTrial::end(const std::string& name, double seconds, bool reused) {
  send_curves();
  session_.send(protocol::event::Stage{.stage = name, .seconds = seconds, .reused = reused});
  for (const auto& artifact : records_.artifacts()) {
    const auto path = protocol::path_of(request_.artifact_folder) / artifact;
    if (fs::exists(path))
      session_.send(protocol::event::Artifact{.name = artifact, .path = protocol::path_text(path)});
  }
  std::error_code ignored;
  fs::remove(protocol::path_of(request_.artifact_folder), ignored);  // if nothing was put into it
  if (const auto partial = partial_file(); !partial.empty()) fs::remove(partial, ignored);
}

std::filesystem::path HostTrial::partial_file() const {
  if (request_.state_folder.empty() || request_.fit_key.empty()) return {};
  const auto name = stage_ == Stage::fit ? std::string("fit") : "predict-" + request_.predict;
  return protocol::path_of(request_.state_folder) / request_.fit_key / (name + ".partial");
}

LabelSpec HostTrial::label(std::string_view name) const {
  return dataset_->view.label(name);
}

const FeatureReader& HostTrial::reader(bool codes) const {
  const auto& reader = codes ? codes_ : features_;
  const std::string what = codes ? "codes" : "features";
  if (!reader)
    throw Unsupported((codes ? uses_.codes : uses_.features)
                          ? "the cell has no encoder that gives " + what
                          : "the evaluator's uses() has no " + what);
  return *reader;
}

FeatureSpec HostTrial::feature_spec() const {
  if (!request_.predictions.empty()) return placeholder_spec();
  return reader(false).feature_spec();
}

FeatureBatch HostTrial::features(Split split, at::IntArrayRef items, std::int64_t clip) {
  if (!request_.predictions.empty()) {
    std::vector<std::int64_t> positions;
    positions.reserve(items.size());
    for (const auto item : items)
      positions.push_back(items_.position(split, item));
    return placeholder_features(positions);
  }
  auto batch = reader(false).features(items_.clips(split, items, clip));
  batch.values = batch.values.to(device_);
  return batch;
}

CodeBatch HostTrial::codes(Split split, at::IntArrayRef items, std::int64_t clip) {
  auto batch = reader(true).codes(items_.clips(split, items, clip));
  batch.codes = batch.codes.to(device_);
  if (batch.side.defined()) batch.side = batch.side.to(device_);
  return batch;
}

AudioBatch HostTrial::audio(Split split, at::IntArrayRef items, std::int64_t clip) {
  const auto needs = components_.audio_needs();
  const auto numbers = items_.clips(split, items, clip);
  std::vector<std::vector<float>> recordings(numbers.size());
  at::parallel_for(
      0, static_cast<std::int64_t>(numbers.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto b = begin; b < end; ++b) {
          const auto at = static_cast<std::size_t>(b);
          const auto sound = clip_audio_.read(numbers[at], at::get_thread_num());
          recordings[at] =
              prepare(sound, needs, dataset_->identities[static_cast<std::size_t>(numbers[at])]);
        }
      });
  auto batch = to_batch(recordings, needs);
  batch.samples = batch.samples.to(device_);
  return batch;
}

std::vector<SourceSpec> HostTrial::source_specs() const {
  return sources_ ? sources_->specs() : std::vector<SourceSpec>();
}

std::vector<SourceBatch> HostTrial::sources(Split split, at::IntArrayRef items, std::int64_t clip) {
  if (!sources_) return Trial::sources(split, items, clip);
  auto batches = sources_->batch(items_.clips(split, items, clip));
  move_to(device_, batches);
  return batches;
}

std::uint64_t HostTrial::seed(std::string_view stream, std::int64_t index) const {
  return cell_seed(request_.seed, stream, index);
}

void HostTrial::predict(Prediction prediction) {
  if (stage_ != Stage::predict)
    throw ContractError("a prediction outside of Evaluator::predict(); expected there only");
  records_.predict(std::move(prediction), size(Split::test));
}

void HostTrial::report(std::string_view metric, double value, std::int64_t count) {
  if (std::find(metrics_.begin(), metrics_.end(), metric) == metrics_.end())
    throw ContractError("metric '" + std::string(metric) +
                        "' is reported but not in metrics(): " + protocol::join(metrics_));
  records_.report({std::string(metric), value, count});
}

void HostTrial::point(std::string_view curve, std::int64_t step, double value) {
  records_.point(curve, {step, value});
  const auto now = std::chrono::steady_clock::now();
  if (now - curves_sent_ >= between_curves) send_curves();
}

void HostTrial::send_curves() {
  curves_sent_ = std::chrono::steady_clock::now();
  for (const auto& [curve, points] : records_.curves())
    for (auto& sent = sent_[curve]; sent < points.size();) {
      protocol::event::Curve event{.curve = curve};
      for (; sent < points.size() && event.points.size() < points_per_event; ++sent)
        event.points.emplace_back(points[sent].step, points[sent].value);
      session_.send(std::move(event));
    }
}

std::filesystem::path HostTrial::artifact(std::string_view name) {
  if (name.empty() || name.find('/') != std::string_view::npos || name.starts_with('.'))
    throw ContractError("artifact '" + std::string(name) +
                        "'; allowed: a file name without slashes that does not begin with a dot");
  if (request_.artifact_folder.empty()) throw Unsupported("this run does not keep artifacts");
  std::error_code ignored;
  const auto folder = protocol::path_of(request_.artifact_folder);
  std::filesystem::create_directories(folder, ignored);
  records_.artifact(std::string(name));
  return folder / name;
}

void HostTrial::progress(std::int64_t done, std::int64_t total) {
  session_.progress(done, total, stage_ == Stage::fit ? "fit" : "predict");
}

bool HostTrial::stop() const {
  stopped_ = stopped_ || Session::stopping();
  return stopped_;
}

void HostTrial::save(const State& own) {
  const auto file = partial_file();
  if (file.empty()) return;
  check_unchanged(request_);
  State all;
  add_part(all, "own/", own);
  add_part(all, "components/", components_.state());
  add_part(all, "records/", records_.state());
  write_state(file, all);
  base::fault_point("partial-state-written");
}

std::optional<State> HostTrial::resume() {
  const auto file = partial_file();
  if (file.empty() || !std::filesystem::exists(file)) return std::nullopt;
  State all;
  try {
    all = read_state(file);
  } catch (const std::exception&) {
    return std::nullopt;  // damaged: the stage starts again, with the same result
  }
  try {
    components_.load_state(take_part(all, "components/"));
    load_records(take_part(all, "records/"));
  } catch (...) {
    throw UnusableState{file};
  }
  return take_part(all, "own/");
}

}  // namespace earshot::worker
