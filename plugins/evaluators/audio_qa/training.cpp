#include "training.hpp"

#include <map>
#include <numeric>

#include <ATen/ATen.h>

#include <lib/learn/batch_order.hpp>

namespace audio_qa {

using earshot::ConfigError;
using earshot::DataError;
using earshot::Split;
using earshot::State;
using earshot::Trial;
using earshot::kit::BatchOrder;
using earshot::kit::LossSum;
using earshot::kit::TrainingLoop;

earshot::OptionSchema Training::options() {
  auto schema = TrainingLoop::options();
  schema.push_back({.name = "bucket",
                    .value = std::int64_t{1},
                    .help = "Items of similar length are batched together within this many "
                            "batches, for models that pad; items of similar length are often of "
                            "the same kind, and such batches train worse. 1: random order",
                    .unit = "batches",
                    .min = 1});
  schema.push_back({.name = "balance",
                    .value = std::string(),
                    .help = "Slice dimension whose values are drawn equally often in training; "
                            "\"\": as in the data"});
  schema.push_back(
      {.name = "report_speed",
       .value = false,
       .help = "Report examples_per_second as a metric too, which differs from run to run"});
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
    : loop_(options),
      bucket_(options.integer("bucket")),
      balance_(options.text("balance")),
      report_speed_(options.flag("report_speed")) {}

namespace {

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

}  // namespace

/// The model and the order in which it sees the training items.
class Training::Course final : public earshot::kit::Trainee {
 public:
  Course(const Training& settings, Trial& trial, Model& model)
      : trial_(trial),
        model_(model),
        order_(all_items(trial.size(Split::train)), strata(trial, settings.balance_),
               {.batch = settings.loop_.batch_size(),
                .window = settings.bucket_,
                .seed = trial.seed("order")},
               [this](std::int64_t item) { return length(item); }) {}

  std::vector<earshot::ParameterGroup> groups() const override {
    return {{"model", model_.parameters()}};
  }
  void train(bool on) override { model_.train(on); }
  State state() const override { return model_.state(); }
  void load_state(const State& state) override { model_.load_state(state); }
  State unsaved() const override {
    State inputs;
    add_part(inputs, "inputs/", take_part(model_.state(), "inputs/"));
    return inputs;
  }
  void share(const earshot::kit::Share& share) override { share_ = share; }
  LossSum loss(const earshot::Turn&, std::int64_t number) override {
    return loss_of(Split::train, share_.of(order_.batch(number)));
  }
  std::vector<std::int64_t> validation_items() const override {
    return all_items(trial_.size(Split::validation));
  }
  std::vector<LossSum> validation_losses(std::span<const std::int64_t> items) override {
    return {loss_of(Split::validation, items)};
  }

 private:
  /// Approximate number of positions of prompt and answer.
  std::int64_t length(std::int64_t index) const {
    constexpr std::int64_t letters = 4;  // per token of English text
    return model_.prompt_length(Split::train, index) +
           std::ssize(model_.format().taught_answer(trial_.item(Split::train, index))) / letters;
  }

  LossSum loss_of(Split split, std::span<const std::int64_t> items) {
    const auto likelihood = model_.taught(split, items);
    return {.sum = -likelihood.log_prob.sum(),
            .weight = likelihood.tokens.sum().item<double>(),
            .parts = {},
            .examples = std::ssize(items)};
  }

  Trial& trial_;
  Model& model_;
  BatchOrder order_;
  earshot::kit::Share share_{};
};

void Training::run(Trial& trial, Model& model, const std::optional<State>& own) const {
  if (loop_.max_steps() == 0) return;
  if (trial.size(Split::train) == 0)
    throw DataError(
        "there are no training items; expected at least one, or a checkpoint, or max_steps = 0");
  TrainingLoop::Outcome outcome;
  if (!model.parameters().empty()) {
    Course course(*this, trial, model);
    const auto trained = loop_.run(trial, course, own);
    if (!trained) return;
    outcome = *trained;
  }
  trial.report("trained_weights", static_cast<double>(outcome.parameters), 1);
  trial.report("train_steps", static_cast<double>(outcome.steps), 1);
  if (outcome.validation_loss)
    trial.report("validation_loss", *outcome.validation_loss, outcome.validation_items);
  if (report_speed_ && outcome.seconds > 0)
    trial.report("examples_per_second", outcome.examples / outcome.seconds, outcome.steps);
}

}  // namespace audio_qa
