#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/learn/autocast.hpp>
#include <lib/learn/averaged_weights.hpp>
#include <lib/learn/draw_items.hpp>
#include <lib/learn/optimiser.hpp>
#include <lib/learn/state_parts.hpp>
#include <lib/learn/training_loop.hpp>

namespace earshot::kit {

void Trainee::finish_step(std::int64_t) {}
void Trainee::show_best(std::int64_t) {}

OptionSchema TrainingLoop::options() {
  OptionSchema schema{
      {.name = "batch_size",
       .value = std::int64_t{16},
       .help = "Items per batch",
       .unit = "items",
       .min = 1},
      {.name = "accumulate",
       .value = std::int64_t{1},
       .help = "Batches per step",
       .unit = "batches",
       .min = 1},
      {.name = "max_steps",
       .value = std::int64_t{20000},
       .help = "Optimiser steps; 0: no training",
       .unit = "steps",
       .min = 0},
      {.name = "precision",
       .value = std::string("float32"),
       .help = "bf16: matrix products and convolutions of the training's forward pass compute in "
               "bfloat16 (autocast); weights, optimiser and validation stay in float32",
       .choices = {"float32", "bf16"}},
      {.name = "ema",
       .value = 0.0,
       .help = "Decay of the exponential moving average of the weights, which is validated and "
               "kept in place of the weights; 0: no average",
       .min = 0,
       .max = 0.999999},
      {.name = "validate_every",
       .value = std::int64_t{500},
       .help = "Interval in steps at which the loss on validation items is measured (and at the "
               "end), to keep the best state; 0: never, the last state is kept",
       .unit = "steps",
       .min = 0},
      {.name = "validation_items",
       .value = std::int64_t{512},
       .help = "Number of validation items to measure it on, drawn once; 0: all",
       .unit = "items",
       .min = 0},
      {.name = "keep",
       .value = std::string("best"),
       .help = "State that is kept if there are validation items",
       .choices = {"best", "last"}},
      {.name = "patience",
       .value = std::int64_t{0},
       .help = "End after this many consecutive measurements without improvement; 0: never",
       .min = 0},
      {.name = "checkpoint_every",
       .value = std::int64_t{500},
       .help = "Interval in steps at which the state is saved for resuming after a crash; 0: only "
               "when asked to stop",
       .unit = "steps",
       .min = 0,
       .affects_results = false},
      {.name = "log_every",
       .value = std::int64_t{10},
       .help = "Interval in steps between points of the curves",
       .unit = "steps",
       .min = 1},
  };
  const auto optimiser = Optimiser::options();
  schema.insert(schema.end(), optimiser.begin(), optimiser.end());
  return schema;
}

TrainingLoop::TrainingLoop(const Options& options)
    : options_(options),
      batch_size_(options.integer("batch_size")),
      accumulate_(options.integer("accumulate")),
      max_steps_(options.integer("max_steps")),
      validate_every_(options.integer("validate_every")),
      validation_items_(options.integer("validation_items")),
      patience_(options.integer("patience")),
      save_every_(options.integer("checkpoint_every")),
      log_every_(options.integer("log_every")),
      keeps_best_(options.text("keep") == "best"),
      bf16_(options.text("precision") == "bf16"),
      ema_(options.number("ema")) {
  Optimiser({}, options_, max_steps_);  // refuses impossible options before any work
}

namespace {

void check_finite(double value, const std::string& what, std::int64_t step) {
  if (!std::isfinite(value))
    throw ConfigError("training diverged: the " + what + " of step " + std::to_string(step) +
                      " is " + std::to_string(value) +
                      "; expected a finite number. Lower lr or clip, or lengthen warm_up");
}

constexpr const char* since_part = "loop/since/";

}  // namespace

/// One training, from its beginning or from where it resumes.
class TrainingLoop::Run {
  /// A weighted mean that is added up.
  struct CurveMean {
    double sum = 0, weight = 0;

    void add(double value_sum, double value_weight) {
      sum += value_sum;
      weight += value_weight;
    }
    double value() const { return sum / weight; }
  };
  using Means = std::map<std::string, CurveMean>;

  static void add_parts(Means& means, const std::string& prefix, const LossSum& loss) {
    for (const auto& [name, value] : loss.parts) {
      if (name == "loss")
        throw ContractError(
            "a part of the loss is named 'loss'; expected another name, since that "
            "is what the total is called");
      means[prefix + name].add(value.item<double>() * loss.weight, loss.weight);
    }
  }

 public:
  Run(const TrainingLoop& settings, Trial& trial, Trainee& trainee, const std::optional<State>& own)
      : settings_(settings),
        trial_(trial),
        trainee_(trainee),
        validation_(draw_items(trainee.validation_items(), settings.validation_items_,
                               trial.seed("validation items"))) {
    for (auto& group : trainee.groups()) {
      for (const auto& [name, tensor] : group.parameters) {
        parameters_ += tensor.numel();
        device_ = tensor.device().type();
      }
      groups_.push_back({group.name, {group.parameters, settings.options_, settings.max_steps_}});
    }
    if (parameters_ == 0)
      throw ConfigError(
          "there is nothing to train: no group has parameters; expected at least one");
    if (settings.ema_ > 0) average_.emplace(settings.ema_, trainee.state());
    if (own) load(*own);
  }

  /// Returns false if it was asked to stop, after saving.
  bool train() {
    while (steps() < settings_.max_steps_ && !exhausted()) {
      if (trial_.stop()) {
        save();
        return false;
      }
      step();
      const auto done = steps();
      if (due(settings_.validate_every_, done)) validate();
      if (done % settings_.log_every_ == 0 || done == settings_.max_steps_) log();
      if (settings_.save_every_ > 0 && done % settings_.save_every_ == 0) save();
      trial_.progress(done, settings_.max_steps_);
    }
    trainee_.train(false);
    if (!best_.tensors.empty())
      trainee_.load_state(best_);
    else if (average_)
      trainee_.load_state(average_->state());
    return true;
  }

  Outcome outcome() const {
    Outcome outcome{.steps = steps(),
                    .parameters = parameters_,
                    .validation_items = std::ssize(validation_),
                    .seconds = numbers_.seconds,
                    .examples = numbers_.examples};
    if (steps() > 0) outcome.train_loss = numbers_.train_loss;
    if (numbers_.measured > 0)
      outcome.validation_loss = settings_.keeps_best_ ? numbers_.best_loss : numbers_.last_loss;
    return outcome;
  }

 private:
  struct Group {
    std::string name{};
    Optimiser optimiser;
    double norm = 0;  ///< of the last gradient
  };
  /// Over all steps so far.
  struct Numbers {
    double seconds = 0, examples = 0, train_loss = 0;
    double measured = 0, best_loss = 0, last_loss = 0, waited = 0;  ///< of validations
  };

  std::int64_t steps() const { return groups_.front().optimiser.steps(); }
  bool due(std::int64_t every, std::int64_t done) const {
    return every > 0 && !validation_.empty() && (done % every == 0 || done == settings_.max_steps_);
  }
  bool exhausted() const {
    return settings_.patience_ > 0 && numbers_.waited >= static_cast<double>(settings_.patience_);
  }
  /// "", or "<group>_" if there are several.
  std::string prefix(const Group& group) const {
    return groups_.size() == 1 ? "" : group.name + "_";
  }

  std::string validation_curve(const Group& group) const { return "validation_" + prefix(group); }

  void step() {
    const auto start = std::chrono::steady_clock::now();
    const auto number = steps();
    at::manual_seed(trial_.seed("step", number));
    trainee_.train(true);
    for (std::size_t g = 0; g < groups_.size(); ++g)
      take_turn(number, g);
    at::manual_seed(trial_.seed("finish step", number));
    trainee_.finish_step(number);
    if (average_) average_->update(trainee_.state());
    numbers_.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  void take_turn(std::int64_t number, std::size_t g) {
    auto& group = groups_[g];
    const auto curve = "train_" + prefix(group);
    const auto of = prefix(group).empty() ? "" : "group '" + group.name + "': ";
    double loss = 0, weight = 0;
    for (std::int64_t part = 0; part < settings_.accumulate_; ++part) {
      const auto given = loss_of({.step = number,
                                  .steps = settings_.max_steps_,
                                  .group = g,
                                  .part = part,
                                  .parts = settings_.accumulate_});
      loss += given.sum.item<double>();
      weight += given.weight;
      check_finite(loss, of + "loss", number);
      given.sum.backward();
      if (g == 0) numbers_.examples += static_cast<double>(given.examples);
      add_parts(since_, curve, given);
    }
    group.norm = group.optimiser.step(1 / weight);
    check_finite(group.norm, of + "gradient", number);
    since_[curve + "loss"].add(loss, weight);
    if (g == 0) numbers_.train_loss = loss / weight;
    // A loss also reaches parameters of other groups: those of a discriminator that judges it.
    for (auto& other : groups_)
      other.optimiser.zero_gradients();
  }

  LossSum loss_of(const Turn& turn) {
    const at::AutoGradMode grad(true);
    const Autocast autocast(device_, settings_.bf16_);
    return trainee_.loss(turn, turn.step * turn.parts + turn.part);
  }

  /// Measures the averaged state if there is one, else the current.
  void validate() {
    std::optional<State> current;
    if (average_) {
      current = copy_of(trainee_.state());
      trainee_.load_state(average_->state());
    }
    trainee_.train(false);
    at::manual_seed(trial_.seed("validation"));
    const auto means = measure();
    for (const auto& [curve, mean] : means) {
      if (curve.ends_with("loss")) check_finite(mean.value(), "validation loss", steps());
      trial_.point(curve, steps(), mean.value());
    }
    judge(means.at(validation_curve(groups_.front()) + "loss").value());
    if (current) trainee_.load_state(*current);
  }

  /// The means over all validation items, by curve.
  Means measure() {
    Means means;
    const auto batch = static_cast<std::size_t>(settings_.batch_size_);
    for (std::size_t first = 0; first < validation_.size(); first += batch) {
      const auto losses = trainee_.validation_losses(
          std::span(validation_).subspan(first, std::min(batch, validation_.size() - first)));
      for (std::size_t g = 0; g < losses.size(); ++g) {
        const auto curve = validation_curve(groups_.at(g));
        means[curve + "loss"].add(losses[g].sum.item<double>(), losses[g].weight);
        add_parts(means, curve, losses[g]);
      }
    }
    return means;
  }

  void judge(double loss) {
    const bool better = numbers_.measured == 0 || loss < numbers_.best_loss;
    numbers_.measured += 1;
    numbers_.last_loss = loss;
    numbers_.waited = better ? 0 : numbers_.waited + 1;
    if (better) {
      numbers_.best_loss = loss;
      if (settings_.keeps_best_) best_ = copy_of(trainee_.state());
    }
    if (better || !settings_.keeps_best_) trainee_.show_best(steps());
  }

  void log() {
    const auto step = steps();
    for (const auto& [curve, mean] : since_)
      trial_.point(curve, step, mean.value());
    since_.clear();
    for (const auto& group : groups_)
      trial_.point(groups_.size() == 1 ? "gradient_norm" : "gradient_norm_" + group.name, step,
                   group.norm);
    trial_.point("learning_rate", step, groups_.front().optimiser.learning_rate());
    trial_.point("examples_per_second", step, numbers_.examples / numbers_.seconds);
    trial_.point("steps_per_second", step, static_cast<double>(step) / numbers_.seconds);
  }

  /// What save() keeps besides tensors of the trainee and the optimisers.
  std::vector<std::pair<std::string, double*>> stored() {
    std::vector<std::pair<std::string, double*>> all{
        {"seconds", &numbers_.seconds},       {"examples", &numbers_.examples},
        {"train_loss", &numbers_.train_loss}, {"measured", &numbers_.measured},
        {"best_loss", &numbers_.best_loss},   {"last_loss", &numbers_.last_loss},
        {"waited", &numbers_.waited}};
    for (auto& group : groups_)
      all.emplace_back("norm/" + group.name, &group.norm);
    return all;
  }

  void save() {
    auto own = trainee_.unsaved();
    for (const auto& group : groups_)
      group.optimiser.save(own, "optimiser/" + group.name + "/");
    add_part(own, "best/", best_);
    if (average_) add_part(own, "average/", average_->state());
    for (const auto& [name, value] : stored())
      own.tensors["loop/" + name] = at::full({}, *value, at::kDouble);
    for (const auto& [curve, mean] : since_)
      own.tensors[since_part + curve] = at::tensor({mean.sum, mean.weight}, at::kDouble);
    trial_.save(own);
  }

  void load(const State& own) {
    for (auto& group : groups_)
      group.optimiser.load(own, "optimiser/" + group.name + "/");
    best_ = copy_of(take_part(own, "best/"));
    if (average_) average_.emplace(settings_.ema_, take_part(own, "average/"));
    for (const auto& [name, value] : stored())
      *value = tensor_in(own, "loop/" + name, {}).item<double>();
    for (const auto& [curve, mean] : take_part(own, since_part).tensors)
      since_[curve] = {mean[0].item<double>(), mean[1].item<double>()};
  }

  const TrainingLoop& settings_;
  Trial& trial_;
  Trainee& trainee_;
  std::vector<std::int64_t> validation_;
  std::vector<Group> groups_;
  std::int64_t parameters_ = 0;
  c10::DeviceType device_ = c10::kCPU;
  Numbers numbers_;
  Means since_;  ///< the last point of the curves, by curve
  State best_;
  std::optional<AveragedWeights> average_;
};

std::optional<TrainingLoop::Outcome> TrainingLoop::run(Trial& trial, Trainee& trainee,
                                                       const std::optional<State>& own) const {
  const at::NoGradGuard no_grad;
  Run run(*this, trial, trainee, own);
  if (!run.train()) return std::nullopt;
  return run.outcome();
}

}  // namespace earshot::kit
