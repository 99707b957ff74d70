#include "learner_course.hpp"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace representation {

using earshot::ConfigError;
using earshot::ContractError;
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

}  // namespace

LearnerCourse::LearnerCourse(earshot::Trial& trial, earshot::Learner& learner,
                             const Targets& targets, const Settings& settings)
    : trial_(trial),
      learner_(learner),
      targets_(targets),
      teacher_(settings.teacher),
      crops_(settings.crop_seconds, trial.encoder().needs()),
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
  learner_.step_sums();  // of one process: there is nothing to add to them
  learner_.finish_step(step);
}

std::vector<LossSum> LearnerCourse::validation_losses(std::span<const std::int64_t> items) {
  const auto batch = batch_of(crops_.centre(whole(Split::validation, items)),
                              targets_.rows(Split::validation, items));
  std::vector<LossSum> losses;
  for (std::size_t group = 0; group < groups_; ++group)
    losses.push_back(sum_of(batch, {.step = last_.step, .steps = last_.steps, .group = group}));
  return losses;
}

const LearnerBatch& LearnerCourse::training_batch(std::int64_t number) {
  const auto known = batches_.find(number);
  if (known != batches_.end()) return known->second;
  if (groups_ == 1) batches_.clear();
  const auto items = order_.batch(number);
  earshot::kit::Random random(trial_.seed("crop", number));
  const at::NoGradGuard no_grad;
  return batches_[number] = batch_of(crops_.random(whole(Split::train, items), random),
                                     targets_.rows(Split::train, items));
}

Crops::Cut LearnerCourse::whole(Split split, std::span<const std::int64_t> items) const {
  const at::IntArrayRef some(items.data(), items.size());
  Crops::Cut cut{.audio = trial_.audio(split, some), .teacher = {}};
  if (teacher_) cut.teacher = trial_.features(split, some);
  return cut;
}

LearnerBatch LearnerCourse::batch_of(Crops::Cut cut, const at::Tensor& targets) const {
  LearnerBatch batch{.audio = std::move(cut.audio), .sources = {}, .targets = {}};
  if (targets.defined()) batch.targets = targets.to(batch.audio.samples.device());
  batch.teacher = std::move(cut.teacher);
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
          .examples = batch.audio.samples.size(0)};
}

}  // namespace representation
