#include "code_course.hpp"

#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>

#include <lib/learn/code_use.hpp>
#include <lib/learn/state_parts.hpp>

#include <earshot/kit/random.hpp>

namespace token_lm {

using earshot::Split;
using earshot::State;
using earshot::kit::LossSum;

namespace {

std::vector<std::int64_t> numbers_below(std::int64_t size) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(size));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace

CodeCourse::CodeCourse(earshot::Trial& trial, CodeModel& model, const Settings& settings)
    : trial_(trial),
      model_(model),
      settings_(settings),
      order_(numbers_below(trial.size(Split::train)), {},
             {.batch = settings.batch_size, .window = 1, .seed = trial.seed("order")}, {}) {}

State CodeCourse::state() const {
  State state;
  for (const auto& [name, tensor] : model_.parameters())
    state.tensors.emplace(name, tensor);
  return state;
}

State CodeCourse::unsaved() const {
  State own;
  earshot::kit::add_part(own, "model/", state());
  return own;
}

LossSum CodeCourse::loss(const earshot::Turn&, std::int64_t number) {
  earshot::kit::Random random(trial_.seed("stretch", number));
  return loss_of(Split::train, order_.batch(number),
                 [&](std::int64_t spare) { return random.below(spare + 1); });
}

std::vector<std::int64_t> CodeCourse::validation_items() const {
  return numbers_below(trial_.size(Split::validation));
}

std::vector<LossSum> CodeCourse::validation_losses(std::span<const std::int64_t> items) {
  return {loss_of(Split::validation, items, [](std::int64_t spare) { return spare / 2; })};
}

template <class Start>
LossSum CodeCourse::loss_of(Split split, std::span<const std::int64_t> items, const Start& start) {
  const auto all = earshot::kit::first_levels(
      trial_.codes(split, at::IntArrayRef(items.data(), items.size())), settings_.levels);
  const auto clips = all.codes.size(0), levels = all.codes.size(1);
  const auto longest = std::min(settings_.frames, all.lengths.max().item<std::int64_t>());
  auto codes = at::zeros({clips, levels, longest}, all.codes.options());
  auto valid = at::zeros({clips, 1, longest});
  std::int64_t frames = 0;
  for (std::int64_t clip = 0; clip < clips; ++clip) {
    const auto length = all.lengths[clip].item<std::int64_t>(), count = std::min(longest, length);
    codes[clip].narrow(1, 0, count).copy_(all.codes[clip].narrow(1, start(length - count), count));
    valid[clip].narrow(1, 0, count).fill_(1);
    frames += count;
  }
  const auto log_probs = model_.log_probs(codes) * valid.to(codes.device());
  return {.sum = -log_probs.sum(),
          .weight = static_cast<double>(frames * levels),
          .parts = {},
          .examples = clips};
}

}  // namespace token_lm
