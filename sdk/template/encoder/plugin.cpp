#include <ATen/ATen.h>

#include <earshot/plugin.hpp>

namespace {

using namespace earshot;

/// Features of audio. As generated: mean power and zero-crossing rate of each frame. Replace
/// encode(), and adapt needs() and spec() to it.
class PluginClass final : public Encoder {
 public:
  PluginClass(const Options& options, const Context&) : hop_(options.integer("hop")) {}

  static OptionSchema options() {
    return {{.name = "hop",
             .value = std::int64_t{160},
             .help = "Length of a frame and step between frames",
             .unit = "samples",
             .min = 2,
             .max = 16000}};
  }

  AudioNeeds needs() const override { return {.sample_rate = 16000}; }

  FeatureSpec spec() const override {
    const auto hop = static_cast<double>(hop_);
    return {.frame_rate = 16000 / hop, .first_frame = hop / 32000, .dim = 2};
  }

  /// float32 (B, 1, N) to float32 (B, T, 2). The last frame of each clip may be incomplete: only
  /// its valid samples count, so padding has no effect.
  FeatureBatch encode(const AudioBatch& audio) override {
    audio.check();
    const auto missing = (hop_ - audio.samples.size(2) % hop_) % hop_;
    const auto position = at::arange(audio.samples.size(2), at::kLong);
    const auto valid = (position.unsqueeze(0) < audio.lengths.unsqueeze(1)).to(at::kFloat);
    const auto wave = audio.samples.mean(1) * valid.to(audio.samples.device());
    const auto frames = at::constant_pad_nd(wave, {0, missing}).unfold(1, hop_, hop_);
    const auto power = frames.square().mean(-1);
    const auto crossings =
        (frames.slice(-1, 1) * frames.slice(-1, 0, -1) < 0).to(at::kFloat).mean(-1);
    const auto lengths = (audio.lengths + (hop_ - 1)).floor_divide(hop_);
    return {at::stack({power, crossings}, -1), lengths, spec()};
  }

 private:
  std::int64_t hop_;
};

}  // namespace

EARSHOT_PLUGIN("plugin_name", "0.1.0", "Power and zero crossings of frames") {
  registrar.add<PluginClass>("plugin_name", "Mean power and zero-crossing rate of each frame");
}
