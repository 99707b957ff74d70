#include "learner_course.hpp"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace representation {

using earshot::CodeBatch;
using earshot::ConfigError;
using earshot::ContractError;
using earshot::FeatureBatch;
using earshot::LearnerBatch;
using earshot::Split;
using earshot::kit::LossSum;

namespace {

std::vector<std::int64_t> checked(std::vector<std::int64_t> items, std::int64_t batch_size) {
  if (std::ssize(items) < batch_size)
    throw ConfigError("batch_size is " + std::to_string(batch_size) + ", and there are only " +
                      std::to_string(items.size()) +
                      " training items to learn from; allowed: at most as many. Lower batch_size; "
                      "accumulate has several batches in a step");
  return items;
}

Crops crops_for(earshot::Trial& trial, double seconds, bool reads) {
  if (!reads) return {seconds, trial.encoder().needs()};
  if (seconds > 0)
    throw ConfigError("crop_seconds is " + std::to_string(seconds) +
                      ", and the encoder reads other encoders: only audio is cropped. Set it to 0");
  return {0, {}};
}

/// How many clips a batch has, and where it is.
struct Extent {
  std::int64_t clips = 0;
  c10::Device device;
};

Extent extent_of(const LearnerBatch& batch) {
  if (batch.sources.empty()) return {batch.audio.samples.size(0), batch.audio.samples.device()};
  const auto& first = batch.sources.front();
  if (const auto* features = std::get_if<FeatureBatch>(&first))
    return {features->values.size(0), features->values.device()};
  const auto& codes = std::get<CodeBatch>(first).codes;
  return {codes.size(0), codes.device()};
}

}  // namespace

LearnerCourse::LearnerCourse(earshot::Trial& trial, earshot::Learner& learner,
                             const Targets& targets, const Settings& settings)
    : trial_(trial),
      learner_(learner),
      targets_(targets),
      teacher_(settings.teacher),
      reads_(!trial.source_specs().empty()),
      crops_(crops_for(trial, settings.crop_seconds, reads_)),
      samples_(settings.samples),
      order_(checked(targets.items(Split::train), settings.batch_size), {},
             {.batch = settings.batch_size, .window = 1, .seed = trial.seed("order")}, {}),
      groups_(learner.groups().size()) {}

LossSum LearnerCourse::loss(const earshot::Turn& turn, std::int64_t number) {
  last_ = turn;
  return sum_of(training_batch(number), turn);
}

void LearnerCourse::finish_step(std::int64_t step) {
  batches_.clear();
  learner_.finish_step(step);
}

std::vector<LossSum> LearnerCourse::validation_losses(std::span<const std::int64_t> items) {
  const auto batch = batch_of(Split::validation, items,
                              [&](const Crops::Cut& whole) { return crops_.centre(whole); });
  std::vector<LossSum> losses;
  for (std::size_t group = 0; group < groups_; ++group)
    losses.push_back(sum_of(batch, {.step = last_.step, .steps = last_.steps, .group = group}));
  return losses;
}

const LearnerBatch& LearnerCourse::training_batch(std::int64_t number) {
  const auto known = batches_.find(number);
  if (known != batches_.end()) return known->second;
  if (groups_ == 1) batches_.clear();
  const auto whole = order_.batch(number);
  const auto items = share_.of(whole);
  earshot::kit::Random random(trial_.seed("crop", number));
  // A crop takes one draw: those of the clips before belong to other processes.
  for (std::int64_t i = 0; i < share_.begin(std::ssize(whole)); ++i)
    random();
  const at::NoGradGuard no_grad;
  return batches_[number] = batch_of(Split::train, items, [&](const Crops::Cut& clips) {
           return crops_.random(clips, random);
         });
}

template <class Crop>
LearnerBatch LearnerCourse::batch_of(Split split, std::span<const std::int64_t> items,
                                     const Crop& crop) const {
  const at::IntArrayRef some(items.data(), items.size());
  LearnerBatch batch;
  if (teacher_) batch.teacher = trial_.features(split, some);
  if (reads_) {
    batch.sources = trial_.sources(split, some);
  } else {
    auto cut = crop({.audio = trial_.audio(split, some), .teacher = std::move(batch.teacher)});
    batch.audio = std::move(cut.audio);
    batch.teacher = std::move(cut.teacher);
  }
  const auto targets = targets_.rows(split, items);
  if (targets.defined()) batch.targets = targets.to(extent_of(batch).device);
  return batch;
}

LossSum LearnerCourse::sum_of(const LearnerBatch& batch, const earshot::Turn& turn) {
  const auto losses = learner_.loss(batch, turn);
  if (!losses.total.defined() || losses.total.dim() != 0)
    throw ContractError("loss().total of the encoder is not a scalar; expected one");
  if (!std::isfinite(losses.weight) || losses.weight <= 0)
    throw ContractError("loss().weight of the encoder is " + std::to_string(losses.weight) +
                        "; expected more than 0");
  return {.sum = losses.total.to(at::kFloat) * losses.weight,
          .weight = losses.weight,
          .parts = losses.parts,
          .examples = extent_of(batch).clips};
}

}  // namespace representation
