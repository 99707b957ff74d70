#include "linear_probe.hpp"

#include <ATen/ATen.h>

#include <earshot/kit/metrics.hpp>
#include <earshot/kit/sampling.hpp>

namespace probes {

using earshot::ConfigError;
using earshot::Split;
using earshot::Trial;
using earshot::kit::Target;

namespace {

constexpr double held_out_share = 0.25;

/// Penalties to choose from, the strongest first.
std::vector<double> grid(Target::Kind kind, const std::string& head) {
  if (kind == Target::Kind::number) return {1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10};
  if (head == "svm") return {1e-4, 1e-3, 1e-2, 1e-1, 1};
  return {1e-4, 1e-3, 1e-2, 1e-1, 1, 10};
}

const char* kind_names[] = {"a class", "a number", "a set of classes"};

}  // namespace

earshot::OptionSchema LinearProbe::options() {
  auto schema = shared_options();
  schema.push_back({.name = "head",
                    .value = std::string("auto"),
                    .help =
                        "Model; auto: logistic for a class, ridge for a number, sigmoid for a set. "
                        "Naming it makes balanced_accuracy, mae or map the primary metric",
                    .choices = {"auto", "logistic", "svm", "ridge", "sigmoid"}});
  schema.push_back(
      {.name = "c",
       .value = 0.0,
       .help = "Inverse penalty C on the sum of the losses; 0: chosen on validation items",
       .min = 0});
  schema.push_back({.name = "multiclass",
                    .value = std::string("one_vs_one"),
                    .help = "How an SVM tells several classes apart",
                    .choices = {"one_vs_one", "one_vs_rest"}});
  return schema;
}

LinearProbe::LinearProbe(const earshot::Options& options, const earshot::Context&)
    : Probe(options),
      head_(options.text("head")),
      one_vs_one_(options.text("multiclass") == "one_vs_one"),
      given_c_(options.number("c")) {}

std::vector<earshot::MetricSpec> LinearProbe::metrics() const {
  using enum Target::Kind;
  return Target::metrics(head_ == "auto"      ? std::vector{classes, number, set}
                         : head_ == "ridge"   ? std::vector{number}
                         : head_ == "sigmoid" ? std::vector{set}
                                              : std::vector{classes});
}

void LinearProbe::check_head() const {
  const auto kind = target().kind();
  const bool fits = head_ == "auto" ||
                    (kind == Target::Kind::classes && (head_ == "logistic" || head_ == "svm")) ||
                    (kind == Target::Kind::number && head_ == "ridge") ||
                    (kind == Target::Kind::set && head_ == "sigmoid");
  if (fits) return;
  const char* allowed[] = {"logistic or svm", "ridge", "sigmoid"};
  const auto which = static_cast<std::size_t>(kind);
  throw ConfigError("head '" + head_ + "' cannot predict '" + target().name() + "', which is " +
                    kind_names[which] + "; allowed: auto, " + allowed[which]);
}

void LinearProbe::fit(Trial& trial) {
  find_target(trial);
  check_head();
  Examples train{{}, read_training(trial)};
  learn_baseline(train.truths.rows);
  train.x = learn_features(trial, train.truths);
  if (given_c_ > 0) {
    c_ = given_c_;
    model_ = fit_model(train, c_, {});
    return;
  }
  Examples validation{{}, read_truths(trial, Split::validation, target())};
  if (validation.truths.size() > 0) {
    validation.x = features(trial, Split::validation, validation.truths.items);
    model_ = choose(trial, train, validation);
    return;
  }
  earshot::kit::Random random(earshot::kit::derive(0, "hold_out"));
  const auto parts =
      earshot::kit::hold_out(train.truths.strata, train.truths.groups, held_out_share, random);
  const auto part = [&](const std::vector<std::int64_t>& which) {
    return Examples{train.x.index_select(0, at::tensor(which, at::kLong)),
                    train.truths.select(which)};
  };
  const auto start = choose(trial, part(parts.rest), part(parts.held_out));
  if (trial.stop()) return;
  model_ = fit_model(train, c_, start);
}

LinearProbe::Model LinearProbe::choose(Trial& trial, const Examples& train,
                                       const Examples& validation) {
  const auto penalties = grid(target().kind(), head_);
  double best = -std::numeric_limits<double>::infinity();
  Model chosen;
  model_ = {};
  for (std::size_t i = 0; i < penalties.size() && !trial.stop(); ++i) {
    model_ = fit_model(train, penalties[i], model_);
    const auto found = quality(validation);
    trial.point("validation", static_cast<std::int64_t>(i), found);
    trial.progress(static_cast<std::int64_t>(i) + 1, static_cast<std::int64_t>(penalties.size()));
    if (found > best || !chosen.weight.defined()) {
      best = found;
      c_ = penalties[i];
      chosen = model_;
    }
  }
  return chosen;
}

LinearProbe::Model LinearProbe::fit_model(const Examples& examples, double c,
                                          const Model& start) const {
  const auto& [x, truths] = examples;
  if (target().kind() == Target::Kind::number) return earshot::kit::fit_ridge(x, truths.rows, c);
  if (head_ != "svm")
    return earshot::kit::fit_logistic(x, truths.rows, c,
                                      target().kind() == Target::Kind::set
                                          ? earshot::kit::Link::sigmoid
                                          : earshot::kit::Link::softmax,
                                      start);
  if (one_vs_one_) return earshot::kit::fit_one_vs_one(x, truths.strata, target().width(), c);
  Model all;
  std::vector<at::Tensor> weights, biases;
  for (std::int64_t k = 0; k < target().width(); ++k) {
    std::vector<double> sign;
    for (const auto stratum : truths.strata)
      sign.push_back(stratum == k ? 1 : -1);
    const auto one = earshot::kit::fit_svm(x, sign, c);
    weights.push_back(one.weight);
    biases.push_back(one.bias);
  }
  return {.weight = at::cat(weights), .bias = at::cat(biases)};
}

double LinearProbe::quality(const Examples& examples) const {
  const auto answers = answer(examples.x);
  const auto scores = answers.scores.contiguous();
  const auto width = target().width(), size = examples.truths.size();
  const auto values = [](const at::Tensor& tensor) {
    return std::span(tensor.const_data_ptr<double>(), static_cast<std::size_t>(tensor.numel()));
  };
  const auto truths = values(examples.truths.rows);
  if (target().kind() == Target::Kind::number)
    return -earshot::kit::mean_absolute_error(truths, values(scores));
  if (target().kind() == Target::Kind::set) {
    std::vector<std::uint8_t> positive(truths.begin(), truths.end());
    return earshot::kit::macro_ranking(values(scores), positive, width).average_precision;
  }
  auto chosen = answers.chosen;
  for (std::int64_t i = 0; i < size && answers.chosen.empty(); ++i) {
    const auto* row = scores.const_data_ptr<double>() + i * width;
    chosen.push_back(std::max_element(row, row + width) - row);
  }
  return earshot::kit::balanced_accuracy(
      earshot::kit::confusion(examples.truths.strata, chosen, width), width);
}

Probe::Answers LinearProbe::answer(const at::Tensor& x) const {
  check_width(x, model_.weight.size(1));
  auto outputs = model_.outputs(x);
  switch (target().kind()) {
    case Target::Kind::number:
      return {outputs, {}};
    case Target::Kind::set:
      return {outputs.sigmoid(), {}};
    case Target::Kind::classes:
      break;
  }
  if (head_ != "svm") return {outputs.softmax(1), {}};
  if (!one_vs_one_) return {outputs, {}};
  return {earshot::kit::one_vs_one_scores(outputs, target().width()),
          earshot::kit::one_vs_one_classes(outputs, target().width())};
}

void LinearProbe::save(earshot::State& state) const {
  state.tensors["weight"] = model_.weight;
  state.tensors["bias"] = model_.bias;
  state.text["c"] = c10::str(c_);
}

void LinearProbe::load(const earshot::State& state) {
  model_.weight = tensor(state, "weight");
  model_.bias = tensor(state, "bias");
}

}  // namespace probes
