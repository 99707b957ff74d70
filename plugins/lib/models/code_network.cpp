#include <algorithm>

#include <ATen/ATen.h>

#include <lib/models/by_length.hpp>
#include <lib/models/code_network.hpp>
#include <lib/models/sources.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/random.hpp>

namespace earshot::kit {

namespace {

constexpr std::int64_t most_clips = 8;      // that are computed at once
constexpr std::int64_t most_frames = 4096;  // of a clip that are computed at once

}  // namespace

CodeNetwork::CodeNetwork(const Sizes& sizes, Parameters& parameters, const std::string& prefix)
    : sizes_(sizes) {
  const auto channels = sizes.channels();
  // Drawn from a normal distribution where weights are random, see draw_embedding().
  if (sizes.input == Sizes::Input::embedded_codes)
    embedding_ = parameters.add(prefix + "code_embedding.weight",
                                {sizes.vocabulary, sizes.embedding}, Initial::constant(0));
  for (const auto kernel : sizes.kernels) {
    const auto k = c10::str("k", kernel);
    const auto conv = prefix + "temporal_conv_" + k;
    const auto initial = Initial::fan_in(channels * kernel);
    branches_.push_back(
        {.weight = parameters.add(conv + ".weight", {sizes.width, channels, kernel}, initial),
         .bias = parameters.add(conv + ".bias", {sizes.width}, initial),
         .norm = BatchNorm(sizes.width, parameters, prefix + "bn_" + k)});
  }
  const auto pooled = sizes.width * std::ssize(sizes.kernels);
  const auto fc = prefix + "fc.";
  const auto initial = Initial::fan_in(pooled), hidden = Initial::fan_in(sizes.hidden);
  first_ = parameters.add(fc + "0.weight", {sizes.hidden, pooled}, initial);
  first_bias_ = parameters.add(fc + "0.bias", {sizes.hidden}, initial);
  norm_ = BatchNorm(sizes.hidden, parameters, fc + "1");
  last_ = parameters.add(fc + "4.weight", {sizes.outputs, sizes.hidden}, hidden);
  last_bias_ = parameters.add(fc + "4.bias", {sizes.outputs}, hidden);
}

void CodeNetwork::draw_embedding(std::uint64_t seed) const {
  if (!embedding_.defined()) return;
  Random random(derive(seed, "code_embedding.weight"));
  auto values = at::empty(embedding_.sizes(), at::kFloat);
  auto* value = values.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i)
    value[i] = static_cast<float>(random.normal());
  embedding_.copy_(values);
}

CodeNetwork::Source CodeNetwork::source_of(std::span<const SourceBatch> sources,
                                           const SourceSpec& grid) const {
  if (sizes_.input == Sizes::Input::features) {
    const auto& features = only_features(sources, std::get<FeatureSpec>(grid));
    return {features.values, features.lengths};
  }
  // Before the batch's own check, which names neither clip nor frame.
  if (sources.size() == 1)
    if (const auto* given = std::get_if<CodeBatch>(&sources.front());
        given != nullptr && given->codes.defined() && given->codes.dim() == 3)
      check_vocabulary(given->codes.narrow(1, 0, std::min(sizes_.books, given->codes.size(1))));
  const auto& codes = only_codes(sources, std::get<CodeSpec>(grid));
  return {codes.codes.narrow(1, 0, sizes_.books), codes.lengths};
}

std::int64_t CodeNetwork::frames(const at::Tensor& source) const {
  return source.size(sizes_.input == Sizes::Input::features ? 1 : 2);
}

at::Tensor CodeNetwork::of_length(const at::Tensor& source, std::int64_t length) const {
  return source.narrow(sizes_.input == Sizes::Input::features ? 1 : 2, 0, length);
}

/// (B, books, T) to (B, books * embedding, end - begin), with time apart.
at::Tensor CodeNetwork::embedded(const at::Tensor& codes, std::int64_t begin,
                                 std::int64_t end) const {
  const auto vectors = at::embedding(embedding_, codes.narrow(2, begin, end - begin));
  return vectors.transpose(2, 3).flatten(1, 2);
}

/// The same stretch of what (B, books, T, embedding) is when it is read as (B, books * embedding,
/// T) without a transposition. Value i of a clip in that order is value i mod `embedding` of the
/// vector for code i / `embedding`.
at::Tensor CodeNetwork::scrambled(const at::Tensor& codes, std::int64_t begin,
                                  std::int64_t end) const {
  const auto width = sizes_.embedding, channels = sizes_.channels();
  const auto clips = codes.size(0), length = codes.size(2);
  if (begin == 0 && end == length)
    return at::embedding(embedding_, codes).reshape({clips, channels, length});
  const auto whole = codes.options();
  const auto places = (at::arange(channels, whole).unsqueeze(1) * length +
                       at::arange(begin, end, whole).unsqueeze(0))
                          .flatten();
  const auto entries = codes.flatten(1).index_select(1, places.floor_divide(width));
  return at::take(embedding_, entries * width + places.remainder(width))
      .view({clips, channels, end - begin});
}

at::Tensor CodeNetwork::channels(const at::Tensor& source, std::int64_t begin,
                                 std::int64_t end) const {
  const auto& a = sizes_;
  const auto reach = a.reach(), length = frames(source);
  const auto first = std::max<std::int64_t>(0, begin - reach), last = std::min(length, end + reach);
  const auto inside = [&] {
    switch (a.input) {
      case Sizes::Input::features:
        return source.narrow(1, first, last - first).transpose(1, 2).to(at::kFloat);
      case Sizes::Input::code_indices:
        return source.narrow(2, first, last - first).to(at::kFloat);
      default:
        return a.layout == Sizes::Layout::published ? scrambled(source, first, last)
                                                    : embedded(source, first, last);
    }
  }();
  return at::constant_pad_nd(inside, {first - (begin - reach), end + reach - last});
}

at::Tensor CodeNetwork::convolved(const Branch& branch, const at::Tensor& channels) const {
  const auto unused = sizes_.reach() - branch.weight.size(2) / 2;
  return at::conv1d(channels.narrow(2, unused, channels.size(2) - 2 * unused), branch.weight,
                    branch.bias);
}

at::Tensor CodeNetwork::branch(std::size_t number, const at::Tensor& channels) const {
  const auto& branch = branches_.at(number);
  return branch.norm(convolved(branch, channels), false).relu();
}

at::Tensor CodeNetwork::pooled(const at::Tensor& source) const {
  const auto length = frames(source);
  std::vector<at::Tensor> maxima(branches_.size());
  for (std::int64_t begin = 0; begin < length; begin += most_frames) {
    const auto x = channels(source, begin, std::min(length, begin + most_frames));
    for (std::size_t n = 0; n < branches_.size(); ++n) {
      const auto here = branch(n, x).amax(2);
      maxima[n] = maxima[n].defined() ? at::maximum(maxima[n], here) : here;
    }
  }
  return at::cat(maxima, 1);
}

at::Tensor CodeNetwork::compressed(const at::Tensor& pooled, bool training, double dropout) const {
  const auto hidden = norm_(at::linear(pooled, first_, first_bias_), training).relu();
  return at::linear(at::dropout(hidden, dropout, training), last_, last_bias_);
}

at::Tensor CodeNetwork::evaluate(const at::Tensor& source, const at::Tensor& lengths) const {
  std::vector<at::Tensor> rows(static_cast<std::size_t>(source.size(0)));
  each_length(lengths, most_clips, [&](std::int64_t length, const auto& clips) {
    const auto maxima = pooled(of_length(pick(source, clips), length));
    const auto results = compressed(maxima, false, 0);
    for (std::size_t i = 0; i < clips.size(); ++i)
      rows[static_cast<std::size_t>(clips[i])] = results[static_cast<std::int64_t>(i)];
  });
  return at::stack(rows);
}

/// The maximum over valid frames, (B, width). Padding takes no part in the statistics.
at::Tensor CodeNetwork::maximum_in_training(const Branch& branch, const at::Tensor& channels,
                                            const at::Tensor& lengths) const {
  const auto x = convolved(branch, channels);
  const auto clips = x.size(0), width = x.size(1), length = x.size(2);
  if (lengths.min().item<std::int64_t>() == length)
    return std::get<0>(branch.norm(x, true).relu().max(2));
  const auto frame = at::arange(length, lengths.options());
  const auto valid = (frame.unsqueeze(0) < lengths.unsqueeze(1)).flatten().nonzero().squeeze(1);
  const auto places = valid.to(x.device());
  const auto rows = x.transpose(1, 2).reshape({clips * length, width}).index_select(0, places);
  // Nothing is below 0 after ReLU, so that zeros in the padding never are a maximum of their own.
  const auto all = at::zeros({clips * length, width}, rows.options())
                       .index_copy(0, places, branch.norm(rows, true).relu());
  return std::get<0>(all.view({clips, length, width}).max(1));
}

at::Tensor CodeNetwork::train(const at::Tensor& source, const at::Tensor& lengths,
                              double dropout) const {
  const auto clips = source.size(0), longest = lengths.max().item<std::int64_t>();
  BatchNorm::check_clips(clips);
  at::Tensor x;
  if (lengths.min().item<std::int64_t>() == longest) {
    x = channels(of_length(source, longest), 0, longest);
  } else {
    std::vector<at::Tensor> rows;
    for (std::int64_t b = 0; b < clips; ++b) {
      const auto length = lengths[b].item<std::int64_t>();
      const auto row = channels(of_length(source.narrow(0, b, 1), length), 0, length);
      rows.push_back(at::constant_pad_nd(row, {0, longest - length}));
    }
    x = at::cat(rows);
  }
  std::vector<at::Tensor> maxima;
  for (const auto& branch : branches_)
    maxima.push_back(maximum_in_training(branch, x, lengths));
  return compressed(at::cat(maxima, 1), true, dropout);
}

void CodeNetwork::check_vocabulary(const at::Tensor& codes) const {
  if (sizes_.input != Sizes::Input::embedded_codes) return;
  const auto wrong = (codes < 0).logical_or(codes >= sizes_.vocabulary);
  if (!wrong.any().item<bool>()) return;
  const auto first = wrong.nonzero()[0].cpu();
  const auto at = [&](std::int64_t axis) { return first[axis].item<std::int64_t>(); };
  throw DataError("clip " + std::to_string(at(0)) + " of the batch has the code " +
                  std::to_string(codes[at(0)][at(1)][at(2)].item<std::int64_t>()) +
                  " in codebook " + std::to_string(at(1)) + " at frame " + std::to_string(at(2)) +
                  "; allowed: 0 to " + std::to_string(sizes_.vocabulary - 1) +
                  ", the vocabulary. Read codes of another source, or raise vocabulary");
}

}  // namespace earshot::kit
