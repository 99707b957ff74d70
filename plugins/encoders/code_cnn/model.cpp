#include "model.hpp"

#include <algorithm>

#include <ATen/ATen.h>

#include <lib/models/by_length.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/random.hpp>

namespace code_cnn {

namespace {

using earshot::kit::Checkpoint;
using earshot::kit::Initial;
using earshot::kit::NameMap;
using earshot::kit::Parameters;

constexpr double epsilon = 1e-5, momentum = 0.1;  // of the norms: PyTorch's defaults
constexpr std::int64_t most_clips = 8;            // that are computed at once
constexpr std::int64_t most_frames = 4096;        // of a clip that are computed at once

NameMap name_map(const std::string& prefix) {
  NameMap names;
  // Heads are those of a training here, which the encoder does without.
  names.under(prefix).ignore(R"(num_batches_tracked$)").ignore(R"(^(head|teacher)\.)");
  return names;
}

}  // namespace

Model::Model(const Architecture& a, Parameters parameters)
    : architecture_(a), parameters_(std::move(parameters)) {
  const auto channels = a.channels();
  // Drawn from a normal distribution where weights are random, see below.
  if (a.input == Input::embedded_codes)
    embedding_ =
        parameters_.add("code_embedding.weight", {a.vocabulary, a.embedding}, Initial::constant(0));
  for (const auto kernel : a.kernels) {
    const auto k = c10::str("k", kernel);
    const auto initial = Initial::fan_in(channels * kernel);
    branches_.push_back(
        {.weight = parameters_.add("temporal_conv_" + k + ".weight", {a.width, channels, kernel},
                                   initial),
         .bias = parameters_.add("temporal_conv_" + k + ".bias", {a.width}, initial),
         .norm = add_norm("bn_" + k, a.width)});
  }
  const auto pooled = a.width * std::ssize(a.kernels);
  first_ = parameters_.add("fc.0.weight", {a.hidden, pooled}, Initial::fan_in(pooled));
  first_bias_ = parameters_.add("fc.0.bias", {a.hidden}, Initial::fan_in(pooled));
  norm_ = add_norm("fc.1", a.hidden);
  last_ = parameters_.add("fc.4.weight", {a.outputs, a.hidden}, Initial::fan_in(a.hidden));
  last_bias_ = parameters_.add("fc.4.bias", {a.outputs}, Initial::fan_in(a.hidden));
}

Model::Model(const Architecture& a, const Checkpoint& checkpoint, const std::string& prefix,
             c10::Device device)
    : Model(a, Parameters(device, checkpoint)) {
  parameters_.load(checkpoint, name_map(prefix));
}

Model::Model(const Architecture& a, std::uint64_t seed, c10::Device device)
    : Model(a, Parameters(device)) {
  parameters_.randomize(seed);
  if (!embedding_.defined()) return;
  // Mean 0 and variance 1, as PyTorch's Embedding starts.
  earshot::kit::Random random(earshot::kit::derive(seed, "code_embedding.weight"));
  auto values = at::empty(embedding_.sizes(), at::kFloat);
  auto* value = values.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i)
    value[i] = static_cast<float>(random.normal());
  embedding_.copy_(values);
}

Model::Norm Model::add_norm(const std::string& name, std::int64_t width) {
  const auto zero = Initial::constant(0), one = Initial::constant(1);
  return {.weight = parameters_.add(name + ".weight", {width}, one),
          .bias = parameters_.add(name + ".bias", {width}, zero),
          .mean = parameters_.add(name + ".running_mean", {width}, zero),
          .variance = parameters_.add(name + ".running_var", {width}, one)};
}

bool Model::is_trained(const std::string& name) {
  return name.find(".running_") == std::string::npos;
}

at::Tensor Model::Norm::operator()(const at::Tensor& x, bool training) const {
  return at::batch_norm(x, weight, bias, mean, variance, training, momentum, epsilon,
                        /*cudnn_enabled=*/false);
}

std::int64_t Model::frames(const at::Tensor& source) const {
  return source.size(architecture_.input == Input::features ? 1 : 2);
}

at::Tensor Model::of_length(const at::Tensor& source, std::int64_t length) const {
  return source.narrow(architecture_.input == Input::features ? 1 : 2, 0, length);
}

/// (B, books, T) to (B, books * embedding, end - begin), with time apart.
at::Tensor Model::embedded(const at::Tensor& codes, std::int64_t begin, std::int64_t end) const {
  const auto vectors = at::embedding(embedding_, codes.narrow(2, begin, end - begin));
  return vectors.transpose(2, 3).flatten(1, 2);
}

/// The same stretch of what (B, books, T, embedding) is when it is read as (B, books * embedding,
/// T) without a transposition. Value i of a clip in that order is value i mod `embedding` of the
/// vector for code i / `embedding`.
at::Tensor Model::scrambled(const at::Tensor& codes, std::int64_t begin, std::int64_t end) const {
  const auto width = architecture_.embedding, channels = architecture_.channels();
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

at::Tensor Model::channels(const at::Tensor& source, std::int64_t begin, std::int64_t end) const {
  const auto& a = architecture_;
  const auto reach = a.reach(), length = frames(source);
  const auto first = std::max<std::int64_t>(0, begin - reach), last = std::min(length, end + reach);
  const auto inside = [&] {
    switch (a.input) {
      case Input::features:
        return source.narrow(1, first, last - first).transpose(1, 2).to(at::kFloat);
      case Input::code_indices:
        return source.narrow(2, first, last - first).to(at::kFloat);
      default:
        return a.layout == Layout::published ? scrambled(source, first, last)
                                             : embedded(source, first, last);
    }
  }();
  return at::constant_pad_nd(inside, {first - (begin - reach), end + reach - last});
}

at::Tensor Model::convolved(const Branch& branch, const at::Tensor& channels) const {
  const auto unused = architecture_.reach() - branch.weight.size(2) / 2;
  return at::conv1d(channels.narrow(2, unused, channels.size(2) - 2 * unused), branch.weight,
                    branch.bias);
}

at::Tensor Model::branch(std::size_t number, const at::Tensor& channels) const {
  const auto& branch = branches_.at(number);
  return branch.norm(convolved(branch, channels), false).relu();
}

at::Tensor Model::pooled(const at::Tensor& source) const {
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

at::Tensor Model::compressed(const at::Tensor& pooled, bool training, double dropout) const {
  const auto hidden = norm_(at::linear(pooled, first_, first_bias_), training).relu();
  return at::linear(at::dropout(hidden, dropout, training), last_, last_bias_);
}

at::Tensor Model::evaluate(const at::Tensor& source, const at::Tensor& lengths) const {
  std::vector<at::Tensor> rows(static_cast<std::size_t>(source.size(0)));
  earshot::kit::each_length(lengths, most_clips, [&](std::int64_t length, const auto& clips) {
    const auto maxima = pooled(of_length(earshot::kit::pick(source, clips), length));
    const auto results = compressed(maxima, false, 0);
    for (std::size_t i = 0; i < clips.size(); ++i)
      rows[static_cast<std::size_t>(clips[i])] = results[static_cast<std::int64_t>(i)];
  });
  return at::stack(rows);
}

/// The maximum over valid frames, (B, width). Padding takes no part in the statistics.
at::Tensor Model::maximum_in_training(const Branch& branch, const at::Tensor& channels,
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

at::Tensor Model::train(const at::Tensor& source, const at::Tensor& lengths, double dropout) const {
  const auto clips = source.size(0), longest = lengths.max().item<std::int64_t>();
  if (clips < 2)
    throw earshot::ConfigError(
        "a batch has one clip, which has no variance to be normalised by; at least 2 are needed. "
        "Raise the batch size");
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

void Model::check_vocabulary(const at::Tensor& codes) const {
  if (architecture_.input != Input::embedded_codes) return;
  const auto wrong = (codes < 0).logical_or(codes >= architecture_.vocabulary);
  if (!wrong.any().item<bool>()) return;
  const auto first = wrong.nonzero()[0].cpu();
  const auto at = [&](std::int64_t axis) { return first[axis].item<std::int64_t>(); };
  throw earshot::DataError("clip " + std::to_string(at(0)) + " of the batch has the code " +
                           std::to_string(codes[at(0)][at(1)][at(2)].item<std::int64_t>()) +
                           " in codebook " + std::to_string(at(1)) + " at frame " +
                           std::to_string(at(2)) + "; allowed: 0 to " +
                           std::to_string(architecture_.vocabulary - 1) +
                           ", the vocabulary. Read codes of another source, or raise vocabulary");
}

}  // namespace code_cnn
