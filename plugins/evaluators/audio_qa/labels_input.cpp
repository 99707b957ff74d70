#include "labels_input.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <ATen/ATen.h>

#include <earshot/kit/questions.hpp>

namespace audio_qa {

using earshot::Item;
using earshot::Label;
using earshot::Split;

namespace {

using Set = std::vector<std::string>;

struct Sums {
  double count = 0, first = 0, second = 0;
};

using earshot::kit::second_clip_label;

/// The property that a label describes, for either clip: "second_event" is an "event".
std::string subject(const std::string& name) {
  return name.starts_with(second_clip_label) ? name.substr(second_clip_label.size()) : name;
}

}  // namespace

void LabelsInput::learn(const earshot::Trial& trial, std::int64_t dim, c10::Device device) {
  std::map<std::string, Sums> numbers;
  rows_.clear();
  const auto add = [&](const std::string& key) { rows_.emplace(key, 0); };
  for (std::int64_t i = 0; i < trial.size(Split::train); ++i)
    for (const auto& [name, label] : trial.item(Split::train, i).labels) {
      if (const auto* number = std::get_if<double>(&label)) {
        auto& sums = numbers[subject(name)];
        sums.count += 1;
        sums.first += *number;
        sums.second += *number * *number;
      } else if (const auto what = subject(name) + "="; !rows_.contains(what)) {
        const auto classes = trial.label(name).classes;
        if (!classes.empty()) add(what);  // for an empty set
        for (const auto& one : classes)
          add(what + one);
      }
    }
  scales_.clear();
  for (const auto& [name, sums] : numbers) {
    const auto mean = sums.first / sums.count;
    const auto variance = std::max(0.0, sums.second / sums.count - mean * mean);
    scales_[name] = {.mean = mean, .deviation = variance > 0 ? std::sqrt(variance) : 1};
    add(name);
    add(name + "*");
  }
  if (rows_.empty())
    throw earshot::ConfigError(
        "input is 'labels', but the training items only have texts or vectors; expected a dataset "
        "whose items have classes, numbers or sets of classes as labels");
  std::int64_t next = 0;
  for (auto& [key, row] : rows_)
    row = next++;
  embeddings_ = at::randn({next, dim}, at::device(device)).requires_grad_();
}

std::int64_t LabelsInput::row(const std::string& key) const {
  const auto found = rows_.find(key);
  return found == rows_.end() ? -1 : found->second;
}

std::vector<std::vector<LabelsInput::Term>> LabelsInput::terms(const Item& item,
                                                               std::int64_t clip) const {
  std::vector<std::vector<Term>> frames;
  const auto add = [&](const std::string& key) {
    if (const auto at = row(key); at >= 0) frames.push_back({{.row = at}});
  };
  for (const auto& [given, label] : item.labels) {
    if (given.starts_with(second_clip_label) != (clip == 1)) continue;
    const auto name = subject(given);
    if (const auto* number = std::get_if<double>(&label)) {
      const auto scale = scales_.find(name);
      if (scale == scales_.end()) continue;
      const auto amount = (*number - scale->second.mean) / scale->second.deviation;
      frames.push_back({{.row = row(name)}, {.row = row(name + "*"), .amount = amount}});
    } else if (const auto* set = std::get_if<Set>(&label)) {
      for (const auto& member : *set)
        add(name + "=" + member);
      if (set->empty()) add(name + "=");
    } else if (const auto* text = std::get_if<std::string>(&label)) {
      add(name + "=" + *text);
    }
  }
  return frames;
}

bool LabelsInput::knows(const Item& item, std::int64_t clip) const {
  if (!terms(item, clip).empty()) return true;
  if (clip > 0) return false;
  throw earshot::DataError("item '" + item.id +
                           "' has none of the labels of the training items, which input 'labels' "
                           "needs");
}

earshot::FeatureBatch LabelsInput::frames(const std::vector<Item>& items, std::int64_t clip) const {
  std::vector<std::vector<std::vector<Term>>> all;
  std::vector<std::int64_t> lengths;
  for (const auto& item : items) {
    all.push_back(terms(item, clip));
    lengths.push_back(std::ssize(all.back()));
  }
  const auto longest = *std::max_element(lengths.begin(), lengths.end());
  // Sums rows by a matrix product, which is differentiable.
  auto amounts = at::zeros({std::ssize(items), longest, embeddings_.size(0)});
  auto amount = amounts.accessor<float, 3>();
  for (std::size_t b = 0; b < all.size(); ++b)
    for (std::size_t t = 0; t < all[b].size(); ++t)
      for (const auto& term : all[b][t])
        amount[static_cast<std::int64_t>(b)][static_cast<std::int64_t>(t)][term.row] +=
            static_cast<float>(term.amount);
  return {.values = at::matmul(amounts.to(embeddings_.device()), embeddings_),
          .lengths = at::tensor(lengths, at::kLong),
          .spec = {.frame_rate = 1, .dim = embeddings_.size(1)}};
}

void LabelsInput::save(earshot::State& state) const {
  state.tensors["labels"] = embeddings_.detach();
  for (const auto& [key, row] : rows_)
    state.text["label row " + key] = std::to_string(row);
  for (const auto& [name, scale] : scales_)
    state.tensors["label scale " + name] =
        at::tensor(std::vector<double>{scale.mean, scale.deviation}, at::kDouble);
}

void LabelsInput::load(const earshot::State& state, c10::Device device) {
  const auto after = [](const std::string& text, const std::string& start) {
    return text.starts_with(start) ? text.substr(start.size()) : std::string();
  };
  const auto found = state.tensors.find("labels");
  if (found == state.tensors.end()) throw earshot::DataError("state lacks the tensor 'labels'");
  embeddings_ = found->second.to(device).clone().requires_grad_();
  rows_.clear();
  scales_.clear();
  for (const auto& [name, text] : state.text)
    if (const auto key = after(name, "label row "); !key.empty()) rows_[key] = std::stoll(text);
  for (const auto& [name, tensor] : state.tensors)
    if (const auto key = after(name, "label scale "); !key.empty())
      scales_[key] = {tensor[0].item<double>(), tensor[1].item<double>()};
}

}  // namespace audio_qa
