#include "kmeans.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/models/seeding.hpp>
#include <lib/models/sources.hpp>
#include <lib/models/stored_tensors.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/input_checks.hpp>
#include <earshot/kit/random.hpp>

namespace kmeans {

namespace {

using earshot::ConfigError;
using earshot::ContractError;
using earshot::DataError;
using earshot::kit::derive;
using earshot::kit::only_features;
using earshot::kit::Random;

constexpr std::int64_t usual_k = 100;
/// Frames to draw the first centroids from, for each of them: as scikit-learn's MiniBatchKMeans.
constexpr std::int64_t usual_init_frames = 3;
constexpr std::int64_t most_clusters = 1 << 20;

at::Tensor valid_mask(const at::Tensor& lengths, std::int64_t longest, c10::Device device) {
  const auto frame = at::arange(longest, lengths.options());
  return (frame.unsqueeze(0) < lengths.unsqueeze(1)).to(device);
}

}  // namespace

earshot::OptionSchema KMeans::options() {
  return {
      {.name = "k",
       .value = std::int64_t{0},
       .help = "Number of clusters; 0: 100, or as many as the weights have",
       .min = 0,
       .max = most_clusters},
      {.name = "weights",
       .value = earshot::Weights{.source = "random"},
       .help =
           "File with a tensor `centroids` (k, D), or random: from the first steps of training, "
           "and normal numbers where there is none"},
      {.name = "seed", .value = std::int64_t{0}, .help = "Seed of random weights", .min = 0},
      {.name = "init",
       .value = std::string("k-means++"),
       .help = "How the first centroids are drawn from the collected frames: far apart, or evenly",
       .choices = {"k-means++", "random"}},
      {.name = "init_frames",
       .value = std::int64_t{0},
       .help = "Number of frames from which the first centroids are drawn; 0: 3 k",
       .unit = "frames",
       .min = 0,
       .max = most_clusters * usual_init_frames},
      {.name = "decay",
       .value = 1.0,
       .help = "Share of a centroid's count that a step leaves: 1 averages over all of training, 0 "
               "takes the means of the last step",
       .min = 0,
       .max = 1},
      {.name = "revive",
       .value = 20.0,
       .help = "A centroid moves to a new place if it is not chosen once while it would have been "
               "this many times, were all chosen equally often; 0: never",
       .min = 0},
  };
}

KMeans::KMeans(const earshot::Options& options, const earshot::Context& context)
    : k_(options.integer("k")),
      init_frames_(options.integer("init_frames")),
      spreads_(options.text("init") == "k-means++"),
      decay_(options.number("decay")),
      revive_after_(options.number("revive")),
      seed_(static_cast<std::uint64_t>(options.integer("seed"))),
      device_(context.device) {
  const auto& weights = options.weights("weights");
  if (!weights.random()) file_.emplace(weights.path);
  if (k_ == 0 && !file_) k_ = usual_k;
  if (init_frames_ > 0 && init_frames_ < k_)
    throw ConfigError("init_frames is " + std::to_string(init_frames_) + "; allowed: at least " +
                      std::to_string(k_) + ", one for each cluster");
}

at::Tensor KMeans::drawn_at_random() const {
  auto drawn = at::empty({k_, grid_->dim}, at::kFloat);
  Random random(derive(seed_, "centroids"));
  auto* value = drawn.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < drawn.numel(); ++i)
    value[i] = static_cast<float>(random.normal());
  return drawn;
}

at::Tensor KMeans::centroids_in_file() const {
  const auto where = file_->path().string() + ": ";
  if (!file_->contains("centroids"))
    throw DataError(where + "has no tensor 'centroids'; expected one of (k, D)");
  const auto stored = file_->get("centroids");
  if (stored.dim() != 2 || stored.numel() == 0 || !stored.is_floating_point())
    throw DataError(where + "'centroids' is " +
                    c10::str(stored.sizes(), " of ", stored.scalar_type()) +
                    "; expected numbers, (k, D)");
  if (stored.size(1) != grid_->dim)
    throw ConfigError("the weights have centroids of width " + std::to_string(stored.size(1)) +
                      ", the source features of width " + std::to_string(grid_->dim) +
                      ". Read the source on which they were trained");
  if (k_ != 0 && k_ != stored.size(0))
    throw ConfigError("k is " + std::to_string(k_) + "; the weights have " +
                      std::to_string(stored.size(0)) + " centroids. Omit k");
  return stored.to(at::kFloat);
}

void KMeans::connect(std::span<const earshot::SourceSpec> sources) {
  grid_ = only_features(sources);
  const auto start = (file_ ? centroids_in_file() : drawn_at_random()).to(device_);
  initialised_ = file_.has_value();
  k_ = start.size(0);
  if (init_frames_ == 0) init_frames_ = usual_init_frames * k_;
  clusters_.emplace(start, decay_);
  centroids_ = start.clone();
  collected_ = at::empty({0, grid_->dim}, start.options());
}

earshot::FeatureSpec KMeans::spec() const {
  if (!grid_) throw ContractError("connect() has not been called");
  return *grid_;
}

earshot::CodeSpec KMeans::code_spec() const {
  const auto grid = spec();
  return {.frame_rate = grid.frame_rate, .first_frame = grid.first_frame, .sizes = {k_}};
}

earshot::FeatureBatch KMeans::encode(const earshot::AudioBatch&) {
  throw earshot::Unsupported("it reads another encoder and takes no audio");
}
earshot::CodeBatch KMeans::quantize(const earshot::AudioBatch&) {
  throw earshot::Unsupported("it reads another encoder and takes no audio");
}
earshot::AudioBatch KMeans::decode(const earshot::CodeBatch&) {
  throw earshot::Unsupported("clusters of features have no audio");
}

earshot::CodeBatch KMeans::read_codes(std::span<const earshot::SourceBatch> sources) {
  const auto& features = only_features(sources, spec());
  const auto clips = features.values.size(0), longest = features.values.size(1);
  const auto codes =
      earshot::kit::nearest(features.values.flatten(0, 1), centroids_).view({clips, 1, longest});
  const auto valid = valid_mask(features.lengths, longest, device_).unsqueeze(1);
  return {.codes = codes * valid, .lengths = features.lengths.clone(), .spec = code_spec()};
}

earshot::FeatureBatch KMeans::embed(const earshot::CodeBatch& codes) {
  earshot::kit::check_codes(codes, code_spec());
  const auto longest = codes.codes.size(2);
  const auto vectors = at::embedding(centroids_.detach(), codes.codes.select(1, 0));
  const auto valid = valid_mask(codes.lengths, longest, device_).unsqueeze(2);
  return {.values = vectors * valid, .lengths = codes.lengths.clone(), .spec = spec()};
}

earshot::FeatureBatch KMeans::read(std::span<const earshot::SourceBatch> sources) {
  return embed(read_codes(sources));
}

void KMeans::prepare(const earshot::Objective& objective) {
  if (objective.goal != earshot::Objective::Goal::reconstruction || objective.teacher.dim != 0)
    throw earshot::Unsupported(
        "clusters learn to reconstruct what they read, without labels or a teacher. Set the goal "
        "to reconstruction");
  const auto numbers = at::TensorOptions(at::kDouble).device(device_);
  numbers_ = at::zeros({k_}, numbers);
  sums_ = at::zeros({k_, spec().dim}, numbers);
  // Of 4 slots for each centroid, 1.5 hold one frame: half of what initialisation needs.
  constexpr std::int64_t slots = 4;
  sample_.emplace(slots * k_, spec().dim, derive(seed_, "sample"), device_);
  centroids_.set_requires_grad(true);
}

KMeans::Frames KMeans::frames_of(const earshot::FeatureBatch& features) const {
  const auto longest = features.values.size(1);
  const auto valid = valid_mask(features.lengths, longest, device_).flatten().nonzero().squeeze(1);
  return {.values = features.values.detach().flatten(0, 1).index_select(0, valid).to(at::kFloat),
          .clips = valid.floor_divide(longest),
          .places = valid.remainder(longest)};
}

bool KMeans::needs_sample() const {
  if (!initialised_) return true;
  return revive_after_ > 0 && clusters_->dead(revive_after_).size(0) > 0;
}

void KMeans::add_to_sums(const Frames& frames, const at::Tensor& codes, const earshot::Turn& turn) {
  const at::NoGradGuard no_grad;
  steps_ = turn.steps;
  numbers_.add_(at::bincount(codes, {}, k_));
  earshot::kit::add_by_code(frames.values, codes, sums_);
  if (!needs_sample()) return;
  // Before any step is done, the number of frames that share it is not known; all are thrown in.
  const auto slots = static_cast<double>(sample_->slots());
  const auto share = frames_in_step_ > 0 ? std::min(1.0, slots / frames_in_step_) : 1.0;
  sample_->add(frames.values, frames.clips, frames.places, turn.step, share);
}

earshot::Losses KMeans::loss(const earshot::LearnerBatch& batch, const earshot::Turn& turn) {
  if (!sample_) throw ContractError("prepare() has not been called");
  const auto frames = frames_of(only_features(batch.sources, spec()));
  const auto codes = earshot::kit::nearest(frames.values, centroids_);
  if (training_) add_to_sums(frames, codes, turn);
  const auto total = (frames.values - centroids_.index_select(0, codes)).square().sum(1).mean();
  const auto number = frames.values.size(0);
  const auto usage = earshot::kit::code_usage(at::bincount(codes, {}, k_));
  return {.total = total,
          .parts = {{"inertia", total.detach()},
                    {"usage", usage.share},
                    {"perplexity", usage.perplexity}},
          .weight = static_cast<double>(number)};
}

std::vector<at::Tensor> KMeans::step_sums() {
  if (!sample_) throw ContractError("prepare() has not been called");
  return {numbers_, sums_, sample_->sums()};
}

/// In place, since others hold the parameter.
void KMeans::reset_parameter() {
  centroids_.detach().copy_(clusters_->centroids());
}

void KMeans::collect(std::int64_t step) {
  const auto frames = sample_->frames();
  const auto missing = init_frames_ - collected_.size(0);
  collected_ = at::cat({collected_, frames.narrow(0, 0, std::min(missing, frames.size(0)))});
  const auto have = collected_.size(0);
  const bool last = step + 1 >= steps_, late = 2 * (step + 1) >= steps_;
  if (have == init_frames_ || (late && have >= k_)) return initialise();
  if (last)
    throw ConfigError("training ends after " + std::to_string(step + 1) + " steps with " +
                      std::to_string(have) + " frames collected for " + std::to_string(k_) +
                      " clusters. Lower k, or raise the number of steps or the batch size");
}

void KMeans::initialise() {
  auto random = earshot::kit::drawn_generator();
  const auto none = collected_.narrow(0, 0, 0);
  const auto drawn = spreads_ ? earshot::kit::drawn_apart(collected_, none, k_, random)
                              : earshot::kit::drawn_evenly(collected_, k_, random);
  clusters_.emplace(drawn.to(device_), decay_);
  collected_ = none.clone();
  initialised_ = true;
}

void KMeans::finish_step(std::int64_t step) {
  if (!sample_) throw ContractError("prepare() has not been called");
  const at::NoGradGuard no_grad;
  frames_in_step_ = numbers_.sum().item<double>();
  if (!initialised_) {
    collect(step);
  } else {
    clusters_->update(numbers_, sums_);
    if (revive_after_ > 0) clusters_->revive(revive_after_, sample_->frames());
  }
  numbers_.zero_();
  sums_.zero_();
  sample_->clear();
  reset_parameter();
}

earshot::State KMeans::state() const {
  auto state = earshot::kit::state_of(
      {{"centroids", centroids_}, {"counts", clusters_->counts()}, {"idle", clusters_->idle()}});
  if (!initialised_ && collected_.size(0) > 0) state.tensors.emplace("collected", collected_);
  state.text["frames_in_step"] = std::to_string(static_cast<std::int64_t>(frames_in_step_));
  state.text["initialised"] = initialised_ ? "yes" : "no";
  return state;
}

void KMeans::load_state(const earshot::State& state) {
  const auto text = [&](const std::string& name) -> const std::string& {
    const auto found = state.text.find(name);
    if (found == state.text.end()) throw DataError("state lacks '" + name + "'");
    return found->second;
  };
  const auto frames = text("frames_in_step");
  if (frames.empty() || frames.size() > 15 ||
      !std::all_of(frames.begin(), frames.end(), [](char c) { return c >= '0' && c <= '9'; }))
    throw DataError("'frames_in_step' of the state is '" + frames + "'; expected a number");
  const bool initialised = text("initialised") == "yes";
  auto rest = state;
  auto collected = collected_.narrow(0, 0, 0).clone();
  if (const auto found = rest.tensors.find("collected"); found != rest.tensors.end()) {
    const auto& given = found->second;
    if (given.dim() != 2 || given.size(1) != spec().dim || given.size(0) > init_frames_)
      throw DataError("tensor 'collected' of the state is " + c10::str(given.sizes()) +
                      "; expected up to " + std::to_string(init_frames_) + " frames of width " +
                      std::to_string(spec().dim));
    collected = given.to(device_, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
    rest.tensors.erase(found);
  }
  earshot::kit::load_tensors(rest, {{"centroids", clusters_->centroids()},
                                    {"counts", clusters_->counts()},
                                    {"idle", clusters_->idle()}});
  const at::NoGradGuard no_grad;
  collected_ = collected;
  initialised_ = initialised;
  frames_in_step_ = std::stod(frames);
  reset_parameter();
}

earshot::State KMeans::export_weights() const {
  return earshot::kit::state_of({{"centroids", centroids_}});
}

}  // namespace kmeans
