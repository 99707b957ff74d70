#pragma once
#include <ATen/ATen.h>

#include <earshot/learner.hpp>
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

/// Reads features, and learns a linear layer on each frame, which tells classes apart by its mean.
/// Until it is trained, all of its features are 0.
class SourceLayer : public Encoder, public Reader, public Learner {
 public:
  SourceLayer(const Options& options, const Context&) : dim_(options.integer("dim")) {}
  static OptionSchema options() {
    return {{.name = "dim", .value = std::int64_t{2}, .help = "Number of classes"}};
  }

  std::vector<Reads> reads() const override { return {Reads::features}; }
  void connect(std::span<const SourceSpec> sources) override {
    in_ = std::get<FeatureSpec>(sources[0]);
    weight_ = at::zeros({dim_, in_.dim}).set_requires_grad(true);
    bias_ = at::zeros({dim_}).set_requires_grad(true);
  }

  AudioNeeds needs() const override { throw Unsupported("the layer takes no audio"); }
  FeatureSpec spec() const override { return {in_.frame_rate, in_.first_frame, dim_}; }
  FeatureBatch encode(const AudioBatch&) override { throw Unsupported("the layer hears nothing"); }
  FeatureBatch read(std::span<const SourceBatch> sources) override {
    const auto& batch = std::get<FeatureBatch>(sources[0]);
    const auto values = layer(batch.values).detach();
    for (std::int64_t b = 0; b < values.size(0); ++b)
      values[b].slice(0, batch.lengths[b].item<std::int64_t>()).zero_();
    return {values, batch.lengths, spec()};
  }

  void prepare(const Objective& objective) override {
    if (objective.goal != Objective::Goal::classes)
      throw Unsupported("this encoder only learns to tell classes apart");
    if (static_cast<std::int64_t>(objective.classes.size()) != dim_)
      throw Unsupported(std::to_string(objective.classes.size()) + " classes; this encoder has " +
                        std::to_string(dim_) + " dimensions");
  }
  Losses loss(const LearnerBatch& batch, const Turn&) override {
    const auto& source = std::get<FeatureBatch>(batch.sources.at(0));
    std::vector<at::Tensor> means;
    for (std::int64_t b = 0; b < source.values.size(0); ++b)
      means.push_back(source.values[b].slice(0, 0, source.lengths[b].item<std::int64_t>()).mean(0));
    const auto logits = layer(at::stack(means));
    const auto total = -(batch.targets * at::log_softmax(logits, 1)).sum(1).mean();
    return {total, {{"cross_entropy", total.detach()}}};
  }
  NamedTensors parameters() const override { return {{"weight", weight_}, {"bias", bias_}}; }

 private:
  /// Of values that are made small, so that large steps do no harm.
  at::Tensor layer(const at::Tensor& values) const {
    return at::linear(0.05 * values, weight_, bias_);
  }

  std::int64_t dim_;
  FeatureSpec in_{};
  at::Tensor weight_{}, bias_{};
};

}  // namespace earshot::testing
