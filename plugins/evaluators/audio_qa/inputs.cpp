#include "inputs.hpp"

#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <lib/learn/draw_items.hpp>

#include <earshot/kit/pooling.hpp>
#include <earshot/kit/questions.hpp>
#include <earshot/kit/random.hpp>

namespace audio_qa {

using earshot::DataError;
using earshot::Embeddings;
using earshot::FeatureBatch;
using earshot::FeatureSpec;
using earshot::Split;
using earshot::Trial;

namespace {

constexpr std::int64_t sampled_clips = 1024, sampled_frames = 16;  // of each clip, evenly spaced

std::string clip_of(const earshot::Item& item) {
  const auto group = item.groups.find("clip");
  if (group != item.groups.end()) return group->second;
  return item.clips.front().file.empty() ? item.id : item.clips.front().file.string();
}

}  // namespace

earshot::OptionSchema Inputs::options() {
  earshot::OptionSchema schema{
      {.name = "input",
       .value = std::string("audio"),
       .help = "What the model gets instead of or from the audio: its features; nothing (the blind "
               "model); features of silence, of another clip, or noise; the true labels through "
               "the same mapper (an oracle); the caption as text",
       .choices = {"audio", "none", "silence", "other_clip", "noise", "labels", "caption"}},
      {.name = "prefix",
       .value = std::int64_t{-1},
       .help = "Number of learnt embeddings at the beginning, the same for every item; -1: 8 with "
               "input none and caption, otherwise 0",
       .min = -1,
       .max = 1024},
      earshot::kit::tokens_option(),
  };
  const auto reduction = earshot::kit::Reduction::options();
  schema.insert(schema.end(), reduction.begin(), reduction.end());
  return schema;
}

Inputs::Inputs(const earshot::Options& options, c10::Device device)
    : input_(options.text("input")),
      prefix_length_(options.integer("prefix")),
      tokens_(options.integer("tokens")),
      device_(device),
      reduction_(options),
      reduced_(options.flag("standardise") || options.integer("pca") > 0),
      axes_(options.integer("pca")) {
  constexpr std::int64_t without_audio = 8;
  if (prefix_length_ < 0) prefix_length_ = mapped() ? 0 : without_audio;
}

bool Inputs::mapped() const {
  return input_ != "none" && input_ != "caption";
}

bool Inputs::features() const {
  return mapped();  // true for labels, too: they take the width of the encoder's features
}

bool Inputs::hears() const {
  return input_ != "none";
}

FeatureSpec Inputs::spec(const Trial& trial) const {
  auto spec = trial.feature_spec();
  if (axes_ > 0) spec.dim = axes_;
  if (tokens_ == 1) spec.frame_rate = 0;
  return spec;
}

earshot::Mapper& Inputs::mapper(Trial& trial) const {
  return trial.mapper_for(spec(trial));
}

/// float64 (N, D): some frames of some training clips.
at::Tensor Inputs::sample_frames(Trial& trial) const {
  std::vector<std::int64_t> items(static_cast<std::size_t>(trial.size(Split::train)));
  std::iota(items.begin(), items.end(), 0);
  std::vector<at::Tensor> frames;
  for (const auto item : earshot::kit::draw_items(items, sampled_clips, trial.seed("frames"))) {
    const auto clip =
        earshot::kit::at_most_frames(trial.features(Split::train, item), tokens_).values[0];
    const auto some = std::min(sampled_frames, clip.size(0));
    const auto places = (at::arange(some, at::kDouble) * (static_cast<double>(clip.size(0)) / some))
                            .to(at::kLong)
                            .to(clip.device());
    frames.push_back(clip.index_select(0, places).to(at::kCPU, at::kDouble));
  }
  return at::cat(frames);
}

void Inputs::learn(Trial& trial) {
  const at::NoGradGuard no_grad;
  reduced_ = reduced_ && input_ != "labels" && mapped() && trial.size(Split::train) > 0;
  if (axes_ > 0 && input_ != "labels" && mapped() && !reduced_)
    throw DataError("pca is " + std::to_string(axes_) +
                    ", but there are no training items from which to learn principal axes");
  if (reduced_) reduction_.learn(sample_frames(trial));
  at::manual_seed(trial.seed("inputs"));
  if (input_ == "labels") labels_.learn(trial, spec(trial).dim, device_);
  if (prefix_length_ > 0) {
    constexpr double deviation = 0.02;  // as in transformers' initial embeddings
    const auto width = trial.language_model().spec().embedding_dim;
    prefix_ =
        (at::randn({prefix_length_, width}, at::device(device_)) * deviation).requires_grad_();
  }
}

std::int64_t Inputs::other_item(const Trial& trial, Split split, std::int64_t item,
                                std::int64_t clip) const {
  const auto size = trial.size(split);
  const auto own = trial.item(split, item);
  earshot::kit::Random random(earshot::kit::derive(trial.seed("other clip", clip), own.id.c_str()));
  constexpr int draws = 64;
  for (int draw = 0; draw < draws; ++draw) {
    const auto other = random.below(size);
    if (clip_of(trial.item(split, other)) != clip_of(own)) return other;
  }
  throw DataError("no item with another clip than that of item '" + own.id +
                  "' was found; input 'other_clip' needs several clips in each split");
}

/// (frames, D): features of silence of that many frames. If features depend on the length of a
/// clip, those of a longer silence would differ.
at::Tensor Inputs::silent_frames(Trial& trial, const FeatureSpec& spec, std::int64_t frames) {
  constexpr std::size_t most_lengths = 64;  // lengths to keep: their number is unbounded
  if (const auto known = silent_frames_.find(frames); known != silent_frames_.end())
    return known->second;
  auto& encoder = trial.encoder();
  const auto needs = encoder.needs();
  auto seconds =
      spec.frame_rate > 0 ? spec.first_frame + static_cast<double>(frames) / spec.frame_rate : 1.0;
  seconds = std::max(seconds, needs.min_seconds);
  if (needs.max_seconds > 0) seconds = std::min(seconds, needs.max_seconds);
  const auto samples =
      std::max<std::int64_t>(1, std::llround(seconds * static_cast<double>(needs.sample_rate)));
  const auto silent =
      encoder.encode({.samples = at::zeros({1, needs.channels, samples}, at::device(device_)),
                      .lengths = at::tensor({samples}, at::kLong),
                      .sample_rate = needs.sample_rate});
  // An encoder may return a frame or two less than requested: the last one is then repeated.
  const auto last = silent.lengths[0].item<std::int64_t>() - 1;
  const auto places = at::arange(frames, at::kLong).clamp_max(last);
  if (silent_frames_.size() >= most_lengths) silent_frames_.clear();
  return silent_frames_[frames] =
             silent.values[0].index_select(0, places.to(silent.values.device()));
}

/// For each item separately, whatever else is in the batch.
FeatureBatch Inputs::silence(Trial& trial, const FeatureBatch& like) {
  auto batch = like;
  batch.values = at::zeros(like.values.sizes(), like.values.options());
  for (std::int64_t b = 0; b < like.values.size(0); ++b) {
    const auto frames = like.lengths[b].item<std::int64_t>();
    batch.values[b].narrow(0, 0, frames).copy_(silent_frames(trial, like.spec, frames));
  }
  return batch;
}

FeatureBatch Inputs::clip_features(Trial& trial, Split split, at::IntArrayRef items,
                                   std::int64_t clip) {
  if (input_ == "other_clip") {
    std::vector<std::int64_t> others;
    for (const auto item : items)
      others.push_back(other_item(trial, split, item, clip));
    return trial.features(split, others, 0);
  }
  auto batch = trial.features(split, items, clip);
  return input_ == "silence" ? silence(trial, batch) : batch;
}

FeatureBatch Inputs::scaled(const FeatureBatch& features) const {
  auto batch = earshot::kit::at_most_frames(features, tokens_);
  if (tokens_ == 1) batch.spec.frame_rate = 0;
  batch.values = batch.values.to(at::kFloat);
  if (!reduced_) return batch;
  const auto lengths = batch.lengths.to(batch.values.device());
  const auto valid =
      at::arange(batch.values.size(1), lengths.options()).unsqueeze(0) < lengths.unsqueeze(1);
  batch.values = reduction_.apply(batch.values) * valid.unsqueeze(2).to(at::kFloat);
  batch.spec.dim = batch.values.size(2);
  return batch;
}

/// float32 of the same shape, drawn for each item separately.
at::Tensor Inputs::noise(const Trial& trial, const Items& items, std::int64_t clip,
                         const at::Tensor& like) {
  auto values = at::empty(like.sizes());
  for (std::size_t b = 0; b < items.size(); ++b) {
    const auto seed = earshot::kit::derive(trial.seed("noise", clip), items[b].id.c_str());
    auto one = values[static_cast<std::int64_t>(b)];
    one.normal_(0, 1, at::make_generator<at::CPUGeneratorImpl>(seed));
  }
  return values.to(like.device());
}

void Inputs::add_mapped(Trial& trial, const FeatureBatch& features,
                        std::span<const std::size_t> places,
                        std::vector<ListeningResult>& all) const {
  const auto mapped = mapper(trial).map(features);
  const auto clips = mapped.values.unbind(0);
  for (std::size_t b = 0; b < places.size(); ++b)
    all[places[b]].clips.emplace_back(Embeddings{
        clips[b].narrow(0, 0, mapped.lengths[static_cast<std::int64_t>(b)].item<std::int64_t>())});
}

void Inputs::add_captions(const Items& items, std::vector<ListeningResult>& all) const {
  for (std::size_t b = 0; b < items.size(); ++b)
    for (std::size_t clip = 0; clip < items[b].clips.size(); ++clip) {
      const std::string name = earshot::kit::caption_labels[std::min<std::size_t>(clip, 1)];
      const auto found = items[b].labels.find(name);
      const auto* text =
          found == items[b].labels.end() ? nullptr : std::get_if<std::string>(&found->second);
      if (text == nullptr)
        throw DataError("item '" + items[b].id + "' has no text as label '" + name +
                        "', which input 'caption' needs");
      all[b].clips.emplace_back(*text + "\n");
    }
}

ListeningResult Inputs::unheard() const {
  if (!prefix_.defined()) return {};
  return {.start = {Embeddings{prefix_}}};
}

std::vector<ListeningResult> Inputs::heard(Trial& trial, Split split,
                                           std::span<const std::int64_t> items) {
  std::vector<ListeningResult> all(items.size(), unheard());
  if (input_ == "none") return all;
  Items read;
  for (const auto item : items)
    read.push_back(trial.item(split, item));
  if (input_ == "caption") {
    add_captions(read, all);
    return all;
  }
  for (std::int64_t clip = 0; clip < 2; ++clip) {
    std::vector<std::int64_t> some;
    std::vector<std::size_t> places;
    Items with_clip;
    for (std::size_t b = 0; b < read.size(); ++b)
      if (std::ssize(read[b].clips) > clip &&
          (input_ != "labels" || labels_.knows(read[b], clip))) {
        some.push_back(items[b]);
        places.push_back(b);
        with_clip.push_back(read[b]);
      }
    if (some.empty()) break;
    if (input_ == "labels") {
      add_mapped(trial, labels_.frames(with_clip, clip), places, all);
      continue;
    }
    auto features = clip_features(trial, split, some, clip);
    features = scaled(features);
    if (input_ == "noise") features.values = noise(trial, with_clip, clip, features.values);
    add_mapped(trial, features, places, all);
  }
  return all;
}

earshot::NamedTensors Inputs::parameters() const {
  earshot::NamedTensors all;
  if (input_ == "labels") all.emplace_back("labels", labels_.embeddings());
  if (prefix_.defined()) all.emplace_back("prefix", prefix_);
  return all;
}

earshot::State Inputs::state() const {
  earshot::State state;
  if (reduced_) reduction_.save(state);
  state.text["scaled"] = reduced_ ? "yes" : "no";
  if (input_ == "labels") labels_.save(state);
  if (prefix_.defined()) state.tensors["prefix"] = prefix_.detach();
  return state;
}

void Inputs::load_state(const earshot::State& state) {
  const at::NoGradGuard no_grad;
  const auto scaled = state.text.find("scaled");
  if (scaled == state.text.end()) throw DataError("state lacks the text 'scaled'");
  reduced_ = scaled->second == "yes" && mapped() && input_ != "labels";
  if (reduced_) reduction_.load(state);
  if (input_ == "labels") labels_.load(state, device_);
  if (prefix_length_ == 0) return;
  const auto found = state.tensors.find("prefix");
  if (found == state.tensors.end()) throw DataError("state lacks the tensor 'prefix'");
  prefix_ = found->second.to(device_).clone().requires_grad_();
}

}  // namespace audio_qa
