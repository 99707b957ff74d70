#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <earshot/error.hpp>

#include "llama.hpp"
#include "operations.hpp"
#include "sampler.hpp"

// Likelihood and generation of answers.

namespace llama {

namespace {

using earshot::ContractError;
using earshot::DataError;
using earshot::Prompt;

/// Maximum number of positions computed at once, unless gradients require the whole batch.
constexpr std::int64_t most_positions = 8192;

/// Seeds the random draws for a prompt: FNV-1a over its tokens.
std::uint64_t hash_of(const Reading& reading) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto& piece : reading.pieces)
    for (const auto token : piece.tokens) {
      hash ^= static_cast<std::uint64_t>(token);
      hash *= 0x100000001b3U;
    }
  return hash;
}

std::vector<std::int64_t> lengths_of(std::span<const Reading> readings) {
  std::vector<std::int64_t> lengths;
  for (const auto& reading : readings)
    lengths.push_back(reading.length);
  return lengths;
}

/// An answer being generated token by token.
struct Draft {
  earshot::kit::Random stream;
  std::int64_t room;  ///< maximum number of tokens
  std::vector<std::int64_t> tokens{};
  bool done = false;

  void add(std::int64_t token, const std::vector<std::int64_t>& stop) {
    if (done) return;
    done = std::find(stop.begin(), stop.end(), token) != stop.end();
    if (!done) tokens.push_back(token);
    done = done || std::ssize(tokens) >= room;
  }
};

std::vector<earshot::kit::Random*> streams_of(const std::vector<Draft*>& drafts) {
  std::vector<earshot::kit::Random*> streams;
  streams.reserve(drafts.size());
  for (auto* draft : drafts)
    streams.push_back(&draft->stream);
  return streams;
}

template <class T>
std::vector<T> picked(const std::vector<T>& all, const std::vector<std::int64_t>& places) {
  std::vector<T> some;
  some.reserve(places.size());
  for (const auto place : places)
    some.push_back(all[static_cast<std::size_t>(place)]);
  return some;
}

/// Calls work(first, count) for runs of sequences with at most `most_positions` in total, or of one
/// sequence.
template <class Work>
void each_stretch(const std::vector<std::int64_t>& lengths, const Work& work) {
  std::size_t first = 0;
  while (first < lengths.size()) {
    auto end = first + 1;
    auto positions = lengths[first];
    while (end < lengths.size() && positions + lengths[end] <= most_positions)
      positions += lengths[end++];
    work(first, end - first);
    first = end;
  }
}

}  // namespace

/// A prompt with its answer, without the end marker, after which nothing is predicted.
struct Llama::Scored {
  Reading reading{};
  std::vector<std::int64_t> targets{};  ///< the answer and its end marker
};

Llama::Scored Llama::scored(const Prompt& prompt, const std::string& answer,
                            std::size_t index) const {
  const auto place = "prompt " + std::to_string(index);
  Scored pair{.reading = read(prompt), .targets = tokenizer_.encode(answer)};
  if (pair.reading.length == 0)
    throw DataError(place + " is empty; an answer must follow some text");
  if (pair.targets.empty())
    throw DataError("the answer to " + place + " is empty; a likelihood needs a text");
  pair.reading.add(pair.targets);
  pair.targets.push_back(framing_.end);
  if (pair.reading.length > model_.architecture().context)
    throw DataError(place + " and its answer have " + std::to_string(pair.reading.length) +
                    " positions; allowed: at most " +
                    std::to_string(model_.architecture().context) +
                    ", the model's context. Shorten the audio or the text");
  return pair;
}

at::Tensor Llama::log_prob(std::span<const Scored> pairs) const {
  std::vector<Reading> readings;
  std::vector<std::int64_t> rows, targets, owners;
  std::int64_t end = 0;
  for (const auto& pair : pairs) {
    readings.push_back(pair.reading);
    end += pair.reading.length;
    const auto count = std::ssize(pair.targets);
    for (std::int64_t i = 0; i < count; ++i)
      rows.push_back(end - count + i);
    targets.insert(targets.end(), pair.targets.begin(), pair.targets.end());
    owners.insert(owners.end(), pair.targets.size(), std::ssize(readings) - 1);
  }
  const auto device = model_.head().device();
  const auto on_device = [&](const std::vector<std::int64_t>& values) {
    return at::tensor(values, at::kLong).to(device);
  };
  const auto hidden = model_.forward(embedded(model_, readings),
                                     {.lengths = lengths_of(readings), .rows = on_device(rows)});
  const auto each = target_log_prob(hidden, model_.head(), on_device(targets));
  return at::zeros({std::ssize(pairs)}, each.options().requires_grad(false))
      .index_add(0, on_device(owners), each);
}

earshot::Likelihood Llama::log_prob(std::span<const Prompt> prompts,
                                    std::span<const std::string> answers) {
  if (prompts.size() != answers.size())
    throw ContractError(std::to_string(answers.size()) + " answers to " +
                        std::to_string(prompts.size()) + " prompts; expected one per prompt");
  std::vector<Scored> pairs;
  std::vector<std::int64_t> lengths, tokens;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    pairs.push_back(scored(prompts[i], answers[i], i));
    lengths.push_back(pairs.back().reading.length);
    tokens.push_back(std::ssize(pairs.back().targets));
  }
  if (pairs.empty()) return {at::zeros({0}), at::zeros({0}, at::kLong)};
  earshot::Likelihood result{.tokens = at::tensor(tokens, at::kLong)};
  if (c10::GradMode::is_enabled()) {
    result.log_prob = log_prob(pairs);
    return result;
  }
  std::vector<at::Tensor> parts;
  each_stretch(lengths, [&](std::size_t first, std::size_t count) {
    parts.push_back(log_prob(std::span(pairs).subspan(first, count)));
  });
  result.log_prob = at::cat(parts);
  return result;
}

at::Tensor Llama::begin(std::span<const Reading> readings, Cache& cache) const {
  std::vector<at::Tensor> parts;
  each_stretch(lengths_of(readings), [&](std::size_t first, std::size_t count) {
    const auto some = readings.subspan(first, count);
    const auto lengths = lengths_of(some);
    const auto last = (at::tensor(lengths, at::kLong).cumsum(0) - 1).to(model_.head().device());
    parts.push_back(
        model_.forward(embedded(model_, some), {.lengths = lengths,
                                                .rows = last,
                                                .cache = &cache,
                                                .first = static_cast<std::int64_t>(first)}));
  });
  return at::cat(parts);
}

std::vector<Reading> Llama::asked(std::span<const Prompt> prompts) const {
  const auto most = model_.architecture().context - 1;
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    readings.push_back(read(prompts[i]));
    const auto length = readings.back().length;
    const auto place = "prompt " + std::to_string(i);
    if (length == 0) throw DataError(place + " is empty; an answer must follow some text");
    if (length > most)
      throw DataError(place + " has " + std::to_string(length) +
                      " positions, which leaves no room for an answer; allowed: at most " +
                      std::to_string(most) + ". Shorten the audio or the text");
  }
  return readings;
}

std::vector<std::string> Llama::generate(std::span<const Prompt> prompts,
                                         const earshot::Decoding& decoding) {
  const c10::NoGradGuard no_gradient;
  const Sampler sampler(decoding);
  const auto readings = asked(prompts);
  if (readings.empty()) return {};
  const auto device = model_.head().device();
  std::int64_t longest = 0;
  std::vector<Draft> drafts;
  for (const auto& reading : readings) {
    const auto room = model_.architecture().context - reading.length;
    drafts.push_back({sampler.stream(hash_of(reading)), std::min(decoding.max_tokens, room)});
    longest = std::max(longest, reading.length);
  }
  constexpr std::int64_t first_room = 64;
  Cache cache(model_.architecture(), std::ssize(readings),
              longest + std::min(decoding.max_tokens, first_room), device);
  std::vector<Draft*> rows;  // of the cache
  rows.reserve(drafts.size());
  for (auto& draft : drafts)
    rows.push_back(&draft);
  auto hidden = begin(readings, cache);
  while (true) {
    auto next = sampler.choose(model_.logits(hidden), streams_of(rows));
    std::vector<std::int64_t> open;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      rows[row]->add(next[row], framing_.stop);
      if (!rows[row]->done) open.push_back(static_cast<std::int64_t>(row));
    }
    if (open.empty()) break;
    // Dropping finished answers costs a copy of the rest, so it is not done for each one.
    if (8 * open.size() <= 7 * rows.size()) {
      cache.keep(open);
      rows = picked(rows, open);
      next = picked(next, open);
    }
    hidden = model_.step(model_.embed(at::tensor(next, at::kLong).to(device)), cache);
  }
  std::vector<std::string> texts;
  texts.reserve(drafts.size());
  for (const auto& draft : drafts)
    texts.push_back(tokenizer_.decode(draft.tokens, /*skip_special=*/true));
  return texts;
}

}  // namespace llama
