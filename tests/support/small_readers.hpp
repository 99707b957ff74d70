#pragma once
#include <ATen/ATen.h>

#include <earshot/plugin.hpp>

namespace earshot::testing {

/// Reads features, and gives each frame one of a few codes by the mean of its values.
class Units : public Encoder, public Codec, public Reader {
 public:
  Units(const Options& options, const Context&) : units_(options.integer("units")) {}
  static OptionSchema options() {
    return {{.name = "units",
             .value = std::int64_t{8},
             .help = "Size of the alphabet",
             .min = 2,
             .max = 1024}};
  }

  std::vector<Reads> reads() const override { return {Reads::features}; }
  void connect(std::span<const SourceSpec> sources) override {
    in_ = std::get<FeatureSpec>(sources[0]);
    if (in_.frame_rate == 0) throw ConfigError("features without a frame rate have no units");
  }

  AudioNeeds needs() const override { throw Unsupported("units take no audio"); }
  FeatureSpec spec() const override { return {in_.frame_rate, in_.first_frame, 1}; }
  FeatureBatch encode(const AudioBatch&) override { throw Unsupported("units take no audio"); }
  FeatureBatch read(std::span<const SourceBatch> sources) override {
    return embed(read_codes(sources));
  }

  CodeSpec code_spec() const override { return {in_.frame_rate, in_.first_frame, {units_}}; }
  CodeBatch quantize(const AudioBatch&) override { throw Unsupported("units take no audio"); }
  CodeBatch read_codes(std::span<const SourceBatch> sources) override {
    const auto& batch = std::get<FeatureBatch>(sources[0]);
    const auto level = (batch.values.mean(2) * 16).floor().to(at::kLong);
    return {level.remainder(units_).unsqueeze(1), batch.lengths, code_spec(), {}};
  }
  FeatureBatch embed(const CodeBatch& codes) override {
    return {codes.codes.select(1, 0).to(at::kFloat).unsqueeze(2), codes.lengths, spec()};
  }
  AudioBatch decode(const CodeBatch&) override { throw Unsupported("units are no audio"); }

 protected:
  std::int64_t units_;
  FeatureSpec in_{};
};

/// Reads codes and features, and gives one frame per clip: how often each code of the first book
/// is in it, and the mean of the features.
class Counts : public Encoder, public Reader {
 public:
  Counts(const Options&, const Context&) {}

  std::vector<Reads> reads() const override { return {Reads::codes, Reads::features}; }
  void connect(std::span<const SourceSpec> sources) override {
    codes_ = std::get<CodeSpec>(sources[0]).sizes[0];
    dim_ = std::get<FeatureSpec>(sources[1]).dim;
  }

  AudioNeeds needs() const override { throw Unsupported("counts take no audio"); }
  FeatureSpec spec() const override { return {.dim = codes_ + dim_}; }
  FeatureBatch encode(const AudioBatch&) override { throw Unsupported("counts take no audio"); }
  FeatureBatch read(std::span<const SourceBatch> sources) override {
    const auto& codes = std::get<CodeBatch>(sources[0]);
    const auto& features = std::get<FeatureBatch>(sources[1]);
    auto values = at::zeros({codes.codes.size(0), 1, codes_ + dim_});
    for (std::int64_t b = 0; b < values.size(0); ++b) {
      const auto frames = codes.lengths[b].item<std::int64_t>();
      values[b][0].slice(0, 0, codes_) =
          at::bincount(codes.codes[b][0].slice(0, 0, frames), {}, codes_);
      values[b][0].slice(0, codes_) =
          features.values[b].slice(0, 0, features.lengths[b].item<std::int64_t>()).mean(0);
    }
    return {values, at::ones({values.size(0)}, at::kLong), spec()};
  }

 protected:
  std::int64_t codes_ = 0, dim_ = 0;
};

}  // namespace earshot::testing
