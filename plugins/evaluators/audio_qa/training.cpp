#include "training.hpp"

#include <chrono>
#include <cmath>
#include <map>
#include <numeric>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <earshot/kit/random.hpp>

namespace audio_qa {

using earshot::ConfigError;
using earshot::DataError;
using earshot::Split;
using earshot::State;
using earshot::Trial;

earshot::OptionSchema Training::options() {
  earshot::OptionSchema schema{
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
      {.name = "bucket",
       .value = std::int64_t{1},
       .help = "Items of similar length are batched together within this many batches, for models "
               "that pad; items of similar length are often of the same kind, and such batches "
               "train worse. "
               "1: random order",
       .unit = "batches",
       .min = 1},
      {.name = "balance",
       .value = std::string(),
       .help = "Slice dimension whose values are drawn equally often in training; \"\": as in the "
               "data"},
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
      {.name = "report_speed",
       .value = false,
       .help = "Report examples_per_second as a metric too, which differs from run to run"},
  };
  const auto optimiser = earshot::kit::Optimiser::options();
  schema.insert(schema.end(), optimiser.begin(), optimiser.end());
  return schema;
}

std::vector<earshot::MetricSpec> Training::metrics() {
  return {{.name = "trained_weights",
           .help = "Trainable parameters of mapper, language model and prefix"},
          {.name = "train_steps", .help = "Steps after which training ended"},
          {.name = "validation_loss",
           .help = "Mean cross-entropy per answer token on validation items, for the state kept",
           .unit = "nat",
           .higher_is_better = false},
          {.name = "examples_per_second",
           .help = "Training items per second of training, without validation",
           .unit = "1/s"}};
}

Training::Training(const earshot::Options& options)
    : options_(options),
      max_steps_(options.integer("max_steps")),
      accumulate_(options.integer("accumulate")),
      validate_every_(options.integer("validate_every")),
      validation_items_(options.integer("validation_items")),
      patience_(options.integer("patience")),
      save_every_(options.integer("checkpoint_every")),
      log_every_(options.integer("log_every")),
      batches_{.batch = options.integer("batch_size"), .window = options.integer("bucket")},
      balance_(options.text("balance")),
      report_speed_(options.flag("report_speed")) {
  earshot::kit::Optimiser({}, options_, max_steps_);  // refuses impossible options before any work
}

namespace {

State copy(const State& state) {
  State result{.text = state.text};
  for (const auto& [name, tensor] : state.tensors)
    result.tensors.emplace(name, tensor.detach().clone());
  return result;
}

std::vector<std::int64_t> all_items(std::int64_t size) {
  std::vector<std::int64_t> items(static_cast<std::size_t>(size));
  std::iota(items.begin(), items.end(), 0);
  return items;
}

/// The stratum of each training item: the value of a slice dimension.
std::vector<std::int64_t> strata(const Trial& trial, const std::string& dimension) {
  std::vector<std::int64_t> result;
  if (dimension.empty()) return result;
  std::map<std::string, std::int64_t> numbers;
  for (std::int64_t i = 0; i < trial.size(Split::train); ++i) {
    const auto item = trial.item(Split::train, i);
    const auto slice = item.slices.find(dimension);
    if (slice == item.slices.end())
      throw ConfigError("balance is '" + dimension + "', but training item '" + item.id +
                        "' lacks this slice; allowed: a dimension that every item has");
    result.push_back(numbers.try_emplace(slice->second, std::ssize(numbers)).first->second);
  }
  return result;
}

std::int64_t count(const earshot::NamedTensors& parameters) {
  std::int64_t sum = 0;
  for (const auto& [name, tensor] : parameters)
    sum += tensor.numel();
  return sum;
}

}  // namespace

/// One training, from its beginning or from where it resumes.
class Training::Run {
 public:
  Run(const Training& settings, Trial& trial, Model& model, const std::optional<State>& own)
      : settings_(settings),
        trial_(trial),
        model_(model),
        parameters_(model.parameters()),
        optimiser_(parameters_, settings.options_, settings.max_steps_),
        order_(all_items(trial.size(Split::train)), strata(trial, settings.balance_),
               {.batch = settings.batches_.batch,
                .window = settings.batches_.window,
                .seed = trial.seed("order")},
               [this](std::int64_t item) { return length(item); }),
        validation_(draw_validation()) {
    if (own) load(*own);
  }

  /// Returns false if it was asked to stop, after saving.
  bool train() {
    while (optimiser_.steps() < settings_.max_steps_ && !exhausted()) {
      if (trial_.stop()) {
        save();
        return false;
      }
      step();
      const auto done = optimiser_.steps();
      if (due(settings_.validate_every_, done)) validate();
      if (done % settings_.log_every_ == 0 || done == settings_.max_steps_) log();
      if (settings_.save_every_ > 0 && done % settings_.save_every_ == 0) save();
      trial_.progress(done, settings_.max_steps_);
    }
    model_.train(false);
    if (!best_.tensors.empty()) model_.load_state(best_);
    return true;
  }

  void report() {
    const auto steps = optimiser_.steps();
    trial_.report("trained_weights", static_cast<double>(count(parameters_)), 1);
    trial_.report("train_steps", static_cast<double>(steps), 1);
    if (measured_) trial_.report("validation_loss", numbers_.best_loss, std::ssize(validation_));
    if (settings_.report_speed_ && numbers_.seconds > 0)
      trial_.report("examples_per_second", numbers_.examples / numbers_.seconds, steps);
  }

 private:
  /// The content of a saved state besides tensors of the model and the optimiser.
  struct Numbers {
    double loss = 0, tokens = 0;       ///< since the last point of the curves
    double seconds = 0, examples = 0;  ///< over all steps so far
    double best_loss = 0, waited = 0;  ///< best, and measurements since
    double norm = 0;                   ///< of the last gradient
  };

  /// Approximate number of positions of prompt and answer.
  std::int64_t length(std::int64_t index) const {
    constexpr std::int64_t letters = 4;  // per token of English text
    return model_.prompt_length(Split::train, index) +
           std::ssize(model_.format().taught_answer(trial_.item(Split::train, index))) / letters;
  }

  std::vector<std::int64_t> draw_validation() const {
    auto items = all_items(trial_.size(Split::validation));
    const auto wanted = settings_.validation_items_;
    if (wanted == 0 || wanted >= std::ssize(items)) return items;
    earshot::kit::Random random(trial_.seed("validation items"));
    for (std::int64_t i = 0; i < wanted; ++i)
      std::swap(items[static_cast<std::size_t>(i)],
                items[static_cast<std::size_t>(i + random.below(std::ssize(items) - i))]);
    items.resize(static_cast<std::size_t>(wanted));
    std::sort(items.begin(), items.end());
    return items;
  }

  bool due(std::int64_t every, std::int64_t done) const {
    return every > 0 && !validation_.empty() && (done % every == 0 || done == settings_.max_steps_);
  }
  bool exhausted() const {
    return settings_.patience_ > 0 && numbers_.waited >= static_cast<double>(settings_.patience_);
  }

  void step() {
    const auto start = std::chrono::steady_clock::now();
    const auto number = optimiser_.steps();
    at::manual_seed(trial_.seed("step", number));
    model_.train(true);
    const at::AutoGradMode grad(true);
    double loss = 0, tokens = 0;
    for (std::int64_t part = 0; part < settings_.accumulate_; ++part) {
      const auto items = order_.batch(number * settings_.accumulate_ + part);
      const auto likelihood = model_.taught(Split::train, items);
      const auto sum = -likelihood.log_prob.sum();
      loss += sum.item<double>();
      tokens += likelihood.tokens.sum().item<double>();
      check(loss, "loss", number);
      sum.backward();
      numbers_.examples += static_cast<double>(items.size());
    }
    numbers_.norm = optimiser_.step(1 / tokens);
    check(numbers_.norm, "gradient", number);
    numbers_.loss += loss;
    numbers_.tokens += tokens;
    numbers_.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  static void check(double value, const std::string& what, std::int64_t step) {
    if (!std::isfinite(value))
      throw ConfigError("training diverged: the " + what + " of step " + std::to_string(step) +
                        " is " + std::to_string(value) +
                        "; expected a finite number. Lower lr or clip, or lengthen warm_up");
  }

  void validate() {
    model_.train(false);
    double loss = 0, tokens = 0;
    const auto batch = static_cast<std::size_t>(settings_.batches_.batch);
    for (std::size_t first = 0; first < validation_.size(); first += batch) {
      const auto some =
          std::span(validation_).subspan(first, std::min(batch, validation_.size() - first));
      const auto likelihood = model_.taught(Split::validation, some);
      loss -= likelihood.log_prob.sum().item<double>();
      tokens += likelihood.tokens.sum().item<double>();
    }
    const auto mean = loss / tokens;
    check(mean, "validation loss", optimiser_.steps());
    trial_.point("validation_loss", optimiser_.steps(), mean);
    if (measured_ && mean >= numbers_.best_loss) {
      numbers_.waited += 1;
      return;
    }
    measured_ = true;
    numbers_.best_loss = mean;
    numbers_.waited = 0;
    best_ = copy(model_.state());
  }

  void log() {
    const auto step = optimiser_.steps();
    trial_.point("train_loss", step, numbers_.loss / numbers_.tokens);
    trial_.point("gradient_norm", step, numbers_.norm);
    trial_.point("learning_rate", step, optimiser_.learning_rate());
    trial_.point("examples_per_second", step, numbers_.examples / numbers_.seconds);
    numbers_.loss = numbers_.tokens = 0;
  }

  std::vector<double*> stored() {
    return {&numbers_.loss,      &numbers_.tokens, &numbers_.seconds, &numbers_.examples,
            &numbers_.best_loss, &numbers_.waited, &numbers_.norm};
  }

  void save() {
    State own;
    optimiser_.save(own, "optimiser/");
    add_part(own, "inputs/", take_part(model_.state(), "inputs/"));
    if (measured_) add_part(own, "best/", best_);
    std::vector<double> values;
    for (const auto* value : stored())
      values.push_back(*value);
    own.tensors["numbers"] = at::tensor(values, at::kDouble);
    own.text["measured"] = measured_ ? "yes" : "no";
    trial_.save(own);
  }

  void load(const State& own) {
    optimiser_.load(own, "optimiser/");
    best_ = copy(take_part(own, "best/"));
    measured_ = own.text.at("measured") == "yes";
    const auto values = own.tensors.at("numbers").contiguous();
    const auto* value = values.const_data_ptr<double>();
    for (auto* number : stored())
      *number = *value++;
  }

  const Training& settings_;
  Trial& trial_;
  Model& model_;
  earshot::NamedTensors parameters_;
  earshot::kit::Optimiser optimiser_;
  BatchOrder order_;
  std::vector<std::int64_t> validation_;
  Numbers numbers_;
  bool measured_ = false;
  State best_;
};

void Training::run(Trial& trial, Model& model, const std::optional<State>& own) const {
  if (max_steps_ == 0) return;
  if (trial.size(Split::train) == 0)
    throw DataError(
        "there are no training items; expected at least one, or a checkpoint, or max_steps = 0");
  Run run(*this, trial, model, own);
  if (model.parameters().empty() || run.train()) run.report();
}

}  // namespace audio_qa
