#include "htsat.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <lib/models/by_length.hpp>
#include <lib/models/model_options.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/input_checks.hpp>
#include <earshot/kit/parallel.hpp>

namespace htsat {

namespace {

using earshot::AudioBatch;
using earshot::ConfigError;
using earshot::FeatureBatch;

const std::vector<std::string> presets = {"msclap",      "mellow", "laion_unfused",
                                          "laion_fused", "tiny",   "tiny_fused"};

/// The valid samples of clip b.
std::span<const float> clip_of(const at::Tensor& samples, const at::Tensor& lengths,
                               std::int64_t b) {
  return {samples.const_data_ptr<float>() + b * samples.size(2),
          static_cast<std::size_t>(lengths[b].item<std::int64_t>())};
}

/// The architecture with the user's lengths: 0 keeps the model's own.
Architecture adapted(Architecture a, const earshot::Options& options) {
  const auto rate = options.integer("sample_rate");
  const auto given = options.number("seconds");
  const auto own_rate = static_cast<double>(a.sample_rate);
  const auto seconds = given > 0 ? given : static_cast<double>(a.front_end.max_samples) / own_rate;
  if (rate > 0) a.sample_rate = rate;
  a.front_end.max_samples = std::llround(seconds * static_cast<double>(a.sample_rate));
  return a;
}

}  // namespace

earshot::OptionSchema Htsat::options() {
  auto all = earshot::kit::model_options("hf://microsoft/msclap/CLAP_weights_2023.pth",
                                         "Checkpoint of msclap, Mellow or transformers' CLAP, or "
                                         "random",
                                         presets);
  const earshot::OptionSchema own = {
      {.name = "features",
       .value = std::string("frames_32"),
       .help = "Where features are taken: frames of the last or an earlier stage, class "
               "probabilities (posterior), these as Mellow passes them to its language model "
               "(mellow), or for a whole clip the 8 x 8 grid, its mean (pooled) or the embedding "
               "for comparison with texts (embedding)",
       .choices = {"frames_32", "stage0", "stage1", "stage2", "stage3", "posterior", "mellow",
                   "grid", "pooled", "embedding"}},
      {.name = "sample_rate",
       .value = std::int64_t{0},
       .help = "Sample rate to which audio is converted; 0: the model's. Another rate stretches "
               "the frequencies on which the model was trained",
       .unit = "Hz",
       .min = 0,
       .max = 384000},
      {.name = "seconds",
       .value = 0.0,
       .help = "Length of the clips that the model processes at once; 0: the model's",
       .unit = "s",
       .min = 0,
       .max = 60},
  };
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

Htsat::Tap Htsat::tap_from(const std::string& name) {
  using Kind = Tap::Kind;
  if (name.starts_with("stage")) return {Kind::stage, name.back() - '0'};
  if (name == "posterior") return {Kind::posterior};
  if (name == "mellow") return {Kind::mellow};
  if (name == "grid") return {Kind::grid};
  if (name == "pooled") return {Kind::pooled};
  return {name == "embedding" ? Kind::embedding : Kind::frames};
}

Htsat::Htsat(const earshot::Options& options, const earshot::Context& context)
    : device_(context.device),
      model_(earshot::kit::make_model<Model>(
          options, context.device, presets.front(),
          [&](const std::string& name) { return adapted(preset(name), options); },
          [&](const earshot::kit::Checkpoint& checkpoint) {
            return adapted(read_architecture(checkpoint), options);
          })),
      tap_(tap_from(options.text("features"))),
      sample_rate_(model_.architecture().sample_rate),
      clip_samples_(model_.architecture().front_end.max_samples) {
  check_tap(options.text("features"));
}

void Htsat::check_tap(const std::string& name) const {
  using Kind = Tap::Kind;
  const auto refuse = [&](const std::string& why) {
    throw ConfigError("features is '" + name + "', but " + why);
  };
  const auto& a = model_.architecture();
  if (tap_.kind == Kind::stage && tap_.stage >= a.stages())
    refuse("the model has stages 0 to " + std::to_string(a.stages() - 1));
  if (tap_.kind == Kind::posterior && !model_.classifies())
    refuse("the checkpoint has no classifier (tscam_conv); those of msclap and Mellow have one");
  if (tap_.kind == Kind::mellow && !(model_.relays() && model_.projection()))
    refuse("the checkpoint is not Mellow's, or lacks its projection");
  if (tap_.kind == Kind::embedding && !model_.projection())
    refuse("the checkpoint has no projection. Use pooled");
  const auto mel_frames = model_.front_end().frames();
  if (clip_samples_ < 1 || (mel_frames > a.frames() && !tap_.of_clip()))
    throw ConfigError(std::to_string(clip_samples_) + " samples at once are " +
                      std::to_string(mel_frames) + " mel frames; allowed: 1 sample to " +
                      std::to_string(a.frames()) + " frames. Lower seconds or sample_rate");
  if (a.family == Family::transformers && mel_frames > a.frames())
    throw ConfigError(std::to_string(mel_frames) +
                      " mel frames at once; transformers' CLAP takes "
                      "up to " +
                      std::to_string(a.frames()) + ". Lower seconds or sample_rate");
}

earshot::AudioNeeds Htsat::needs() const {
  const auto& a = model_.architecture();
  const auto seconds = static_cast<double>(clip_samples_) / static_cast<double>(sample_rate_);
  earshot::AudioNeeds needs{
      .sample_rate = sample_rate_, .max_seconds = seconds, .crop = earshot::Crop::seeded};
  // A fused model takes long clips as a whole, unless features have a time axis.
  if (a.fusion > 0 && tap_.of_clip()) needs.max_seconds = 0;
  // Fills clips as transformers does: whole repeats and then zeros.
  if (a.family != Family::transformers) {
    needs.min_seconds = seconds;
    needs.pad = earshot::Pad::repeat;
  }
  return needs;
}

std::int64_t Htsat::last_stage() const {
  return tap_.kind == Tap::Kind::stage ? tap_.stage : model_.architecture().stages() - 1;
}

std::int64_t Htsat::steps() const {
  return model_.architecture().steps(last_stage());
}

earshot::FeatureSpec Htsat::spec() const {
  using Kind = Tap::Kind;
  const auto& a = model_.architecture();
  const auto last = a.stage(a.stages() - 1);
  if (tap_.of_clip())
    return {.dim = tap_.kind == Kind::grid        ? last.rows * last.columns * last.width
                   : tap_.kind == Kind::embedding ? a.embedding
                                                  : last.width};
  const auto rate = static_cast<double>(steps()) * static_cast<double>(sample_rate_) /
                    static_cast<double>(clip_samples_);
  return {.frame_rate = rate,
          .first_frame = 0.5 / rate,
          .dim = tap_.kind == Kind::stage       ? a.stage(tap_.stage).width
                 : tap_.kind == Kind::posterior ? a.classes
                 : tap_.kind == Kind::mellow    ? a.embedding
                                                : last.width};
}

bool Htsat::learns_and_runs(const std::string& parameter) const {
  using Kind = Tap::Kind;
  const auto is = [&](const std::string& beginning) { return parameter.starts_with(beginning); };
  const bool mellow = tap_.kind == Kind::mellow;
  if (parameter.find(".running_") != std::string::npos) return false;
  if (is("projection.")) return mellow || tap_.kind == Kind::embedding;
  if (is("tscam_conv.")) return mellow || tap_.kind == Kind::posterior;
  if (is("c2l.")) return mellow;
  if (is("patch_embed.mel_conv2d.") || is("patch_embed.fusion_model.")) return tap_.of_clip();
  if (tap_.kind != Kind::stage) return true;
  for (auto n = tap_.stage; n < model_.architecture().stages(); ++n) {
    const auto layer = "layers." + std::to_string(n);
    if (is(layer + ".downsample.") || (n > tap_.stage && is(layer + "."))) return false;
  }
  return !is("norm.");
}

std::int64_t Htsat::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : model_.parameters())
    if (learns_and_runs(name)) count += tensor.numel();
  return count;
}

/// One after the other with all threads; if there are enough of them on the CPU, each on one
/// thread.
void Htsat::each(std::int64_t count, const std::function<void(std::int64_t)>& work) const {
  if (device_.is_cpu() && count >= at::get_num_threads())
    return earshot::kit::each_on_one_thread(count, work);
  for (std::int64_t i = 0; i < count; ++i)
    work(i);
}

at::Tensor Htsat::picture_features(const at::Tensor& mels) const {
  using Kind = Tap::Kind;
  if (tap_.kind == Kind::stage)
    return model_.frames(model_.stage_output(mels, tap_.stage), tap_.stage);
  const auto grid = model_.grid(mels);
  if (tap_.kind == Kind::frames) return model_.frames(grid, model_.architecture().stages() - 1);
  const auto posterior = at::sigmoid(model_.logits(grid));
  return tap_.kind == Kind::posterior ? posterior
                                      : model_.projection()->forward(model_.relayed(posterior));
}

FeatureBatch Htsat::frames_of(const AudioBatch& audio) const {
  struct Piece {
    std::span<const float> samples;
    at::Tensor features{};
  };
  std::vector<Piece> pieces;
  std::vector<std::size_t> first_piece;
  const auto samples = audio.samples.cpu();
  const auto clips = samples.size(0);
  const auto length = static_cast<std::size_t>(clip_samples_);
  for (std::int64_t b = 0; b < clips; ++b) {
    first_piece.push_back(pieces.size());
    const auto clip = clip_of(samples, audio.lengths, b);
    for (std::size_t start = 0; start < clip.size(); start += length)
      pieces.push_back({clip.subspan(start, std::min(length, clip.size() - start))});
  }
  first_piece.push_back(pieces.size());

  // On a CPU, one picture at a time stays in its cache; a GPU needs more work at once.
  const std::int64_t side_by_side = device_.is_cpu() ? 1 : 16;
  const auto count = std::ssize(pieces);
  each((count + side_by_side - 1) / side_by_side, [&](std::int64_t group) {
    const auto first = group * side_by_side, last = std::min(first + side_by_side, count);
    std::vector<at::Tensor> mels;
    for (auto i = first; i < last; ++i)
      mels.push_back(
          model_.front_end()(pieces[static_cast<std::size_t>(i)].samples).mels.narrow(0, 0, 1));
    const auto features = picture_features(at::stack(mels).to(device_));
    for (auto i = first; i < last; ++i) {
      auto& piece = pieces[static_cast<std::size_t>(i)];
      const auto valid = (std::ssize(piece.samples) * steps() + clip_samples_ - 1) / clip_samples_;
      piece.features = features[i - first].narrow(0, 0, valid);
    }
  });

  std::vector<at::Tensor> rows;
  for (std::size_t b = 0; b + 1 < first_piece.size(); ++b) {
    std::vector<at::Tensor> parts;
    for (auto i = first_piece[b]; i < first_piece[b + 1]; ++i)
      parts.push_back(pieces[i].features);
    rows.push_back(at::cat(parts));
  }
  const auto padded = earshot::kit::padded(rows);
  return {.values = padded.values, .lengths = padded.lengths, .spec = spec()};
}

at::Tensor Htsat::clip_features(std::span<const float> samples) const {
  using Kind = Tap::Kind;
  const auto& front_end = model_.front_end();
  at::Tensor grids;  // (windows, cells, width)
  if (model_.architecture().family == Family::transformers) {
    const auto input = front_end(samples);
    std::vector<std::int64_t> longer;
    if (input.longer) longer.push_back(0);
    grids = model_.grid(input.mels.unsqueeze(0).to(device_), longer);
  } else {
    const auto& o = front_end.options();
    const auto filled = earshot::kit::clap_padded(samples, o.max_samples, o.padding);
    const auto mels = front_end.mel_frames(filled).unsqueeze(0).unsqueeze(0).to(device_);
    auto starts = model_.window_starts(mels.size(2));
    if (tap_.kind == Kind::grid) starts.resize(1);  // as in the seed study, only the first window
    const auto frames =
        mels.size(2) > model_.architecture().frames() ? Model::window_frames : mels.size(2);
    at::Tensor sum;
    for (const auto start : starts) {
      const auto grid = model_.grid(mels.narrow(2, start, frames));
      sum = sum.defined() ? sum.add_(grid) : grid;
    }
    grids = sum.div_(static_cast<double>(starts.size()));
  }
  if (tap_.kind == Kind::grid) return grids.flatten(1);
  const auto pooled = grids.mean(1);
  return tap_.kind == Kind::pooled ? pooled : model_.projection()->forward(pooled);
}

FeatureBatch Htsat::clips_of(const AudioBatch& audio) const {
  const auto samples = audio.samples.cpu();
  const auto clips = samples.size(0);
  std::vector<at::Tensor> rows(static_cast<std::size_t>(clips));
  each(clips, [&](std::int64_t b) {
    rows[static_cast<std::size_t>(b)] = clip_features(clip_of(samples, audio.lengths, b));
  });
  return {.values = at::stack(rows), .lengths = at::ones({clips}, at::kLong), .spec = spec()};
}

FeatureBatch Htsat::encode(const AudioBatch& audio) {
  earshot::kit::check_audio(audio, needs());
  return tap_.of_clip() ? clips_of(audio) : frames_of(audio);
}

}  // namespace htsat
