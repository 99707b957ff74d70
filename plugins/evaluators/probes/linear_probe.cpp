#include "linear_probe.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include <ATen/ATen.h>

#include <lib/learn/metrics.hpp>

#include <earshot/kit/sampling.hpp>

namespace probes {

using earshot::ConfigError;
using earshot::Split;
using earshot::Trial;
using earshot::kit::Target;

namespace {

constexpr double held_out_share = 0.25, usual_c = 1;

/// Candidate penalties, the strongest first.
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
                    .help = "Model; auto: logistic for a class, ridge for a number, sigmoid for a "
                            "set. The primary metric is balanced_accuracy, mae or map accordingly",
                    .choices = {"auto", "logistic", "svm", "ridge", "sigmoid"}});
  schema.push_back(
      {.name = "c",
       .value = 0.0,
       .help = "Inverse penalty C on the sum of the losses; 0: chosen on validation items",
       .min = 0});
  schema.push_back({.name = "multiclass",
                    .value = std::string("one_vs_one"),
                    .help = "How an SVM handles more than two classes",
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
  return Target::metrics(head_ == "auto"      ? Target::kinds_of(target_type())
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
    if (c_ > 0 || trial.stop()) return;
    note("no validation data: none of the " + std::to_string(validation.truths.size()) +
         " validation items has a class of '" + target().name() +
         "', so C is chosen on a quarter of the training items");
  }
  model_ = chosen_on_training_items(trial, train);
}

LinearProbe::Model LinearProbe::chosen_on_training_items(Trial& trial, const Examples& train) {
  earshot::kit::Random random(earshot::kit::derive(0, "hold_out"));
  const auto parts =
      earshot::kit::hold_out(train.truths.strata, train.truths.groups, held_out_share, random);
  const auto part = [&](const std::vector<std::int64_t>& which) {
    return Examples{train.x.index_select(0, at::tensor(which, at::kLong)),
                    train.truths.select(which)};
  };
  auto problem = nothing_in(train, parts.rest, parts.held_out);
  Model start;
  c_ = 0;
  if (problem.empty()) {
    start = choose(trial, part(parts.rest), part(parts.held_out));
    if (trial.stop()) return start;
    if (c_ == 0) problem = "the quarter that is held out has none of the classes";
  }
  if (c_ == 0) {
    c_ = usual_c;
    note("no validation data: " + problem +
         ". C is 1; set the option c, or provide validation items");
  }
  return fit_model(train, c_, start);
}

std::string LinearProbe::nothing_in(const Examples& train, const std::vector<std::int64_t>& rest,
                                    const std::vector<std::int64_t>& held_out) const {
  const auto& [items, rows, strata, groups] = train.truths;
  const std::set<std::int64_t> known(groups.begin(), groups.end());
  if (rest.empty() || held_out.empty())
    return "the " + std::to_string(items.size()) + " training items are in " +
           std::to_string(known.size()) + (known.size() == 1 ? " group" : " groups") +
           ", and only whole groups can be held out";
  if (target().kind() != Target::Kind::classes) return "";
  std::set<std::int64_t> learnt;
  for (const auto i : rest)
    learnt.insert(strata[static_cast<std::size_t>(i)]);
  const bool shared = std::any_of(held_out.begin(), held_out.end(), [&](std::int64_t i) {
    return learnt.contains(strata[static_cast<std::size_t>(i)]);
  });
  return shared ? ""
                : "each class of the " + std::to_string(items.size()) +
                      " training items is one group, or one item, so no class would be both held "
                      "out and left to learn";
}

LinearProbe::Model LinearProbe::choose(Trial& trial, const Examples& train,
                                       const Examples& validation) {
  const auto penalties = grid(target().kind(), head_);
  double best = -std::numeric_limits<double>::infinity();
  Model chosen;
  model_ = {};
  c_ = 0;
  for (std::size_t i = 0; i < penalties.size() && !trial.stop(); ++i) {
    model_ = fit_model(train, penalties[i], model_);
    const auto found = quality(validation);
    trial.point("validation", static_cast<std::int64_t>(i), found);
    trial.point("c", static_cast<std::int64_t>(i), penalties[i]);
    trial.progress(static_cast<std::int64_t>(i) + 1, static_cast<std::int64_t>(penalties.size()));
    if (found > best) {
      best = found;
      c_ = penalties[i];
      chosen = model_;
    }
  }
  trial.point("chosen_c", 0, c_);
  return chosen;
}

/// Order of the classes for pairs and for equal votes: that in which ties are broken.
std::vector<std::int64_t> LinearProbe::ranks(const std::vector<std::int64_t>& strata) const {
  const auto& order = target().order();
  std::vector<std::int64_t> rank(order.size()), result;
  for (std::size_t r = 0; r < order.size(); ++r)
    rank[static_cast<std::size_t>(order[r])] = static_cast<std::int64_t>(r);
  for (const auto stratum : strata)
    result.push_back(rank[static_cast<std::size_t>(stratum)]);
  return result;
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
  if (one_vs_one_)
    return earshot::kit::fit_one_vs_one(x, ranks(truths.strata), target().width(), c);
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
    chosen.push_back(target().best(row));
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
  const auto& order = target().order();
  std::vector<std::int64_t> classes(order.size());
  std::iota(classes.begin(), classes.end(), std::int64_t{0});
  Answers answers{earshot::kit::one_vs_one_scores(outputs, target().width())
                      .index_select(1, at::tensor(ranks(classes), at::kLong)),
                  earshot::kit::one_vs_one_classes(outputs, target().width())};
  for (auto& chosen : answers.chosen)
    chosen = order[static_cast<std::size_t>(chosen)];
  return answers;
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
