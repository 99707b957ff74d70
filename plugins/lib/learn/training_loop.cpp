#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/learn/autocast.hpp>
#include <lib/learn/averaged_weights.hpp>
#include <lib/learn/draw_items.hpp>
#include <lib/learn/optimiser.hpp>
#include <lib/learn/state_parts.hpp>
#include <lib/learn/training_loop.hpp>
#include <lib/learn/turn_sums.hpp>

namespace earshot::kit {

void Trainee::share(const Share& share) {
  if (share.count > 1)
    throw Unsupported("this training cannot be shared by processes; allowed: processes = 1");
}
void Trainee::finish_step(std::int64_t) {}
void Trainee::show_best(std::int64_t) {}

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

  static void add_parts(Means& means, const std::string& prefix, const PartSums& sums) {
    for (const auto& [name, value] : sums.parts) {
      if (name == "loss")
        throw ContractError(
            "a part of the loss is named 'loss'; expected another name, since that "
            "is what the total is called");
      means[prefix + name].add(value, sums.weight);
    }
  }

 public:
  Run(const TrainingLoop& settings, Trial& trial, Trainee& trainee, const std::optional<State>& own,
      const Communicator& processes)
      : settings_(settings),
        trial_(trial),
        trainee_(trainee),
        processes_(processes),
        validation_(draw_items(trainee.validation_items(), settings.validation_items_,
                               trial.seed("validation items"))) {
    trainee_.share(processes.share());
    share_state();
    for (auto& group : trainee.groups()) {
      for (const auto& [name, tensor] : group.parameters) {
        parameters_ += tensor.numel();
        device_ = tensor.device().type();
      }
      groups_.push_back({group.name,
                         group.parameters,
                         {group.parameters, settings.options_, settings.max_steps_}});
    }
    if (parameters_ == 0)
      throw ConfigError(
          "there is nothing to train: no group has parameters; expected at least one");
    if (settings.ema_ > 0) average_.emplace(settings.ema_, trainee.state());
    if (own && processes.leads()) load(*own);
    if (processes.size() == 1) return;
    const auto first = processes.from_first(this->own());
    if (!processes.leads()) load(first);
  }

  /// Returns false if it was asked to stop, after saving.
  bool train() {
    while (steps() < settings_.max_steps_ && !exhausted()) {
      if (stop()) {
        if (processes_.leads()) save();
        return false;
      }
      step();
      const auto done = steps();
      if (due(settings_.validate_every_, done)) validate();
      if (processes_.leads()) record(done);
    }
    trainee_.train(false);
    if (!best_.tensors.empty())
      trainee_.load_state(best_);
    else if (average_)
      trainee_.load_state(average_->state());
    share_state();
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
    NamedTensors parameters{};
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

  /// All get the state of the trainee that the first process has.
  void share_state() {
    if (processes_.size() == 1) return;
    const auto state = processes_.from_first(trainee_.state());
    if (!processes_.leads()) trainee_.load_state(state);
  }

  /// Whether the first process is asked to stop.
  bool stop() {
    const bool here = trial_.stop();
    if (processes_.sums_of({here && processes_.leads() ? 1.0 : 0.0}).front() == 0) return false;
    if (!here)
      throw DataError(
          "the first process of the training was asked to stop, and this one was not; run again to "
          "continue from the saved state");
    return true;
  }

  /// Curves, progress and, where it is time, the state.
  void record(std::int64_t done) {
    if (done % settings_.log_every_ == 0 || done == settings_.max_steps_) log();
    if (settings_.save_every_ > 0 && done % settings_.save_every_ == 0) save();
    trial_.progress(done, settings_.max_steps_);
  }

  std::string validation_curve(const Group& group) const { return "validation_" + prefix(group); }

  void step() {
    const auto start = std::chrono::steady_clock::now();
    const auto number = steps();
    at::manual_seed(trial_.seed(
        processes_.leads() ? "step" : "step of rank " + std::to_string(processes_.rank()), number));
    trainee_.train(true);
    for (std::size_t g = 0; g < groups_.size(); ++g)
      take_turn(number, g);
    at::manual_seed(trial_.seed("finish step", number));
    processes_.sum(trainee_.step_sums());
    trainee_.finish_step(number);
    if (average_) average_->update(trainee_.state());
    numbers_.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  void take_turn(std::int64_t number, std::size_t g) {
    auto& group = groups_[g];
    const auto curve = "train_" + prefix(group);
    const auto of = prefix(group).empty() ? "" : "group '" + group.name + "': ";
    std::vector<PartSums> parts;
    for (std::int64_t part = 0; part < settings_.accumulate_; ++part) {
      const auto given = loss_of({.step = number,
                                  .steps = settings_.max_steps_,
                                  .group = g,
                                  .part = part,
                                  .parts = settings_.accumulate_});
      given.sum.backward();
      parts.push_back(sums_of(given));
    }
    add_up(processes_, parts, group.parameters);
    double loss = 0, weight = 0;
    for (const auto& part : parts) {
      loss += part.loss;
      weight += part.weight;
      if (g == 0) numbers_.examples += part.examples;
      add_parts(since_, curve, part);
    }
    check_finite(loss, of + "loss", number);
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

  /// In the first process, whose numbers the others take over.
  void validate() {
    if (processes_.leads()) validate_here();
    std::vector<double> shared;
    const std::array<double*, 4> places{&numbers_.measured, &numbers_.best_loss,
                                        &numbers_.last_loss, &numbers_.waited};
    for (const auto* place : places)
      shared.push_back(processes_.leads() ? *place : 0);
    shared = processes_.sums_of(std::move(shared));
    for (std::size_t i = 0; i < places.size(); ++i)
      *places[i] = shared[i];
  }

  /// Measures the averaged state if there is one, else the current.
  void validate_here() {
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
        add_parts(means, curve, sums_of(losses[g]));
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

  void save() { trial_.save(own()); }

  /// All that a training needs in order to go on, besides what Trial::save() keeps.
  State own() {
    auto own = trainee_.unsaved();
    for (const auto& group : groups_)
      group.optimiser.save(own, "optimiser/" + group.name + "/");
    add_part(own, "best/", best_);
    if (average_) add_part(own, "average/", average_->state());
    for (const auto& [name, value] : stored())
      own.tensors["loop/" + name] = at::full({}, *value, at::kDouble);
    for (const auto& [curve, mean] : since_)
      own.tensors[since_part + curve] = at::tensor({mean.sum, mean.weight}, at::kDouble);
    return own;
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
  const Communicator& processes_;
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
  if (processes_ == 1) return run(trial, trainee, own, Communicator());
  const auto where = rendezvous_for(processes_, [](const char* name) { return std::getenv(name); });
  return run(trial, trainee, own, Communicator::join(where));
}

std::optional<TrainingLoop::Outcome> TrainingLoop::run(Trial& trial, Trainee& trainee,
                                                       const std::optional<State>& own,
                                                       const Communicator& processes) const {
  const at::NoGradGuard no_grad;
  Run run(*this, trial, trainee, own, processes);
  if (!run.train()) return std::nullopt;
  return run.outcome();
}

}  // namespace earshot::kit
