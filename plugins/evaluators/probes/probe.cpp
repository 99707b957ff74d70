#include "probe.hpp"

#include <fstream>
#include <numeric>
#include <sstream>

#include <ATen/ATen.h>

#include <earshot/kit/sampling.hpp>

#include "test_table.hpp"

namespace probes {

using earshot::DataError;
using earshot::Item;
using earshot::Label;
using earshot::Outcome;
using earshot::Prediction;
using earshot::Split;
using earshot::State;
using earshot::Trial;
using earshot::kit::Target;

namespace {

constexpr std::int64_t chunk = 256;  // test items predicted at a time

}  // namespace

earshot::OptionSchema Probe::shared_options() {
  earshot::OptionSchema schema = {
      {.name = "target",
       .value = std::string(),
       .help = "Label that the probe predicts",
       .required = true,
       .role = earshot::Role::target_label},
      earshot::kit::tokens_option(),
      {.name = "pooling",
       .value = std::string("mean_std"),
       .help = "How the frames of a clip are pooled into one vector",
       .choices = {std::begin(earshot::kit::pooling_names), std::end(earshot::kit::pooling_names)}},
      earshot::kit::n_train_option(),
      {.name = "ties",
       .value = std::string("names"),
       .help = "Which of several equally likely classes is predicted: the first in alphabetical "
               "order, as in scikit-learn with names, or the first in the dataset's own list",
       .choices = {"names", "dataset"}},
      Target::type_option(),
  };
  const auto reduction = earshot::kit::Reduction::options();
  schema.insert(schema.end(), reduction.begin(), reduction.end());
  return schema;
}

Probe::Probe(const earshot::Options& options)
    : target_name_(options.text("target")),
      target_type_(options.text("target_type")),
      ties_(options.text("ties") == "names" ? Target::Ties::names : Target::Ties::dataset),
      pooling_(earshot::kit::pooling_of(options.text("pooling"))),
      tokens_(options.integer("tokens")),
      n_train_(options.integer("n_train")),
      reduction_(options) {}

void Probe::find_target(const Trial& trial) {
  target_ = Target(trial.label(target_name_), ties_);
  notes_.clear();
}

earshot::kit::Truths Probe::read_training(const Trial& trial) {
  auto truths = read_truths(trial, Split::train, target_);
  if (truths.size() == 0)
    throw DataError("none of the " + std::to_string(trial.size(Split::train)) +
                    " training items has the label '" + target_name_ + "'; at least one is needed");
  earshot::kit::Random random(trial.seed("subsample"));
  return truths.select(earshot::kit::subsample(truths.strata, truths.groups, n_train_, random));
}

at::Tensor Probe::learn_features(Trial& trial, const earshot::kit::Truths& truths) {
  auto learnt =
      reduction_.learn(pooled_features(trial, Split::train, truths.items, pooling_, tokens_));
  if (auto shortfall = reduction_.shortfall(); !shortfall.empty()) note(shortfall);
  return learnt;
}

at::Tensor Probe::features(Trial& trial, Split split, at::IntArrayRef items) const {
  return reduction_.apply(pooled_features(trial, split, items, pooling_, tokens_));
}

void Probe::predict(Trial& trial) {
  const auto size = trial.size(Split::test), width = target_.width();
  TestTable table(target_);
  for (std::int64_t first = 0; first < size && !trial.stop(); first += chunk) {
    std::vector<std::int64_t> items(static_cast<std::size_t>(std::min(chunk, size - first)));
    std::iota(items.begin(), items.end(), first);
    const auto answers = answer(features(trial, Split::test, items));
    const auto scores = answers.scores.contiguous();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto* row = scores.const_data_ptr<double>() + static_cast<std::int64_t>(i) * width;
      Prediction prediction{.item = items[i]};
      prediction.value =
          answers.chosen.empty()
              ? target_.value(row)
              : Label(target_.classes()[static_cast<std::size_t>(answers.chosen[i])]);
      if (target_.kind() != Target::Kind::number) prediction.scores.assign(row, row + width);
      table.add(trial.item(Split::test, items[i]), prediction);
      trial.predict(std::move(prediction));
    }
    trial.progress(first + static_cast<std::int64_t>(items.size()), size);
  }
  auto notes = notes_;
  if (auto note = table.report(trial); !note.empty()) notes.push_back(std::move(note));
  write_notes(trial, notes);
}

void Probe::write_notes(Trial& trial, const std::vector<std::string>& notes) {
  if (notes.empty()) return;
  std::filesystem::path path;
  try {
    path = trial.artifact("notes.txt");
  } catch (const earshot::Unsupported&) {
    return;
  }
  std::ofstream file(path);
  for (const auto& sentence : notes)
    file << sentence << '\n';
  if (!file.flush()) throw DataError("cannot write '" + path.string() + "'; is the disk full?");
}

earshot::Numbers Probe::mark(const Item& item, const Prediction& prediction) const {
  return target_.mark(item, prediction);
}

earshot::Numbers Probe::score(std::span<const Outcome> slice) const {
  return target_.score(slice);
}

const at::Tensor& Probe::tensor(const State& state, const std::string& name) {
  const auto found = state.tensors.find(name);
  if (found == state.tensors.end()) throw DataError("state lacks the tensor '" + name + "'");
  return found->second;
}

void Probe::check_width(const at::Tensor& x, std::int64_t fitted) {
  if (x.size(1) != fitted)
    throw DataError("features have " + std::to_string(x.size(1)) +
                    " values per clip; the probe was fitted on " + std::to_string(fitted));
}

State Probe::state() const {
  State state;
  target_.save(state);
  for (const auto& sentence : notes_)
    state.text["notes"] += sentence + "\n";
  reduction_.save(state);
  save(state);
  return state;
}

void Probe::load_state(const State& state) {
  target_.load(state);
  if (target_.name() != target_name_)
    throw DataError("the state belongs to a probe for '" + target_.name() + "'; expected '" +
                    target_name_ + "'");
  notes_.clear();
  if (const auto found = state.text.find("notes"); found != state.text.end()) {
    std::istringstream lines(found->second);
    for (std::string line; std::getline(lines, line);)
      notes_.push_back(line);
  }
  reduction_.load(state);
  load(state);
}

}  // namespace probes
