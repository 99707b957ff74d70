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
  if (kind == Target::Kind::number || kind == Target::Kind::vector)
    return {1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10};
  if (head == "svm") return {1e-4, 1e-3, 1e-2, 1e-1, 1};
  return {1e-4, 1e-3, 1e-2, 1e-1, 1, 10};
}

const char* kind_names[] = {"a class", "a number", "a set of classes", "a vector"};

}  // namespace

earshot::OptionSchema LinearProbe::options() {
  auto schema = shared_options();
  schema.push_back({.name = "head",
                    .value = std::string("auto"),
                    .help = "Model; auto: logistic for a class, ridge for a number or a vector, "
                            "sigmoid for a set. The primary metric is balanced_accuracy, mae, "
                            "correlation or map accordingly",
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
  if (head_ == "auto") return Target::metrics(Target::kinds_of(target_type()));
  if (head_ == "ridge")
    return Target::metrics(target_type() == "vector" ? std::vector{vector, number}
                                                     : std::vector{number, vector});
  return Target::metrics({head_ == "sigmoid" ? set : classes});
}

void LinearProbe::check_head() const {
  const auto kind = target().kind();
  const bool fits = head_ == "auto" ||
                    (kind == Target::Kind::classes && (head_ == "logistic" || head_ == "svm")) ||
                    (is_ridge() && head_ == "ridge") ||
                    (kind == Target::Kind::set && head_ == "sigmoid");
  if (fits) return;
  const char* allowed[] = {"logistic or svm", "ridge", "sigmoid", "ridge"};
  const auto which = static_cast<std::size_t>(kind);
  throw ConfigError("head '" + head_ + "' cannot predict '" + target().name() + "', which is " +
                    kind_names[which] + "; allowed: auto, " + allowed[which]);
}

bool LinearProbe::is_ridge() const {
  return target().kind() == Target::Kind::number || target().kind() == Target::Kind::vector;
}

void LinearProbe::set_c(double c) {
  c_ = c;
  column_c_ = is_ridge() ? at::full({target().width()}, c, at::kDouble) : at::Tensor();
}

void LinearProbe::fit(Trial& trial) {
  find_target(trial);
  check_head();
  Examples train{{}, read_training(trial)};
  learn_baseline(train.truths.rows);
  train.x = learn_features(trial, train.truths);
  if (given_c_ > 0) {
    set_c(given_c_);
    model_ = fit_chosen(train, {});
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
    set_c(usual_c);
    note("no validation data: " + problem +
         ". C is 1; set the option c, or provide validation items");
  }
  return fit_chosen(train, start);
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
  if (is_ridge()) return choose_ridge(trial, train, validation);
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

LinearProbe::Model LinearProbe::choose_ridge(Trial& trial, const Examples& train,
                                             const Examples& validation) {
  const auto penalties = grid(target().kind(), head_);
  const earshot::kit::Ridge ridge(train.x, train.truths.rows);
  set_c(penalties.front());
  auto best = at::full({target().width()}, std::numeric_limits<double>::infinity(), at::kDouble);
  for (std::size_t i = 0; i < penalties.size() && !trial.stop(); ++i) {
    const auto found = errors(ridge.fit(penalties[i]), validation);
    trial.point("validation", static_cast<std::int64_t>(i), -found.mean().item<double>());
    trial.point("c", static_cast<std::int64_t>(i), penalties[i]);
    trial.progress(static_cast<std::int64_t>(i) + 1, static_cast<std::int64_t>(penalties.size()));
    const auto better = found < best;
    column_c_.masked_fill_(better, penalties[i]);
    best = at::where(better, found, best);
  }
  if (target().kind() == Target::Kind::number) trial.point("chosen_c", 0, column_c_.item<double>());
  for (std::size_t i = 0; i < penalties.size() && target().kind() == Target::Kind::vector; ++i)
    trial.point("columns_with_c", static_cast<std::int64_t>(i),
                column_c_.eq(penalties[i]).sum().item<double>());
  return ridge.fit(column_c_);
}

at::Tensor LinearProbe::errors(const Model& model, const Examples& examples) const {
  constexpr std::int64_t rows = 256;  // at a time: a vector may have a hundred thousand values
  const auto size = examples.truths.size();
  auto sum = at::zeros({target().width()}, at::kDouble);
  for (std::int64_t first = 0; first < size; first += rows) {
    const auto count = std::min(rows, size - first);
    const auto outputs = model.outputs(examples.x.narrow(0, first, count));
    sum += (outputs - examples.truths.rows.narrow(0, first, count)).abs_().sum(0);
  }
  return sum / static_cast<double>(size);
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

LinearProbe::Model LinearProbe::fit_chosen(const Examples& examples, const Model& start) const {
  if (is_ridge()) return earshot::kit::Ridge(examples.x, examples.truths.rows).fit(column_c_);
  return fit_model(examples, c_, start);
}

double LinearProbe::quality(const Examples& examples) const {
  const auto answers = answer(examples.x);
  const auto scores = answers.scores.contiguous();
  const auto width = target().width(), size = examples.truths.size();
  const auto values = [](const at::Tensor& tensor) {
    return std::span(tensor.const_data_ptr<double>(), static_cast<std::size_t>(tensor.numel()));
  };
  const auto truths = values(examples.truths.rows);
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
    case Target::Kind::vector:
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
  if (is_ridge())
    state.tensors["c"] = column_c_;
  else
    state.text["c"] = c10::str(c_);
}

void LinearProbe::load(const earshot::State& state) {
  model_.weight = tensor(state, "weight");
  model_.bias = tensor(state, "bias");
  if (is_ridge()) column_c_ = tensor(state, "c");
}

}  // namespace probes
