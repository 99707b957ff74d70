#pragma once
#include <cmath>
#include <fstream>
#include <numbers>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <earshot/kit/checkpoint.hpp>
#include <earshot/plugin.hpp>

// An encoder that knows nothing until it is trained, and the evaluator that trains it.

namespace earshot::fixture {

/// One linear layer on the spectrum of 10 ms frames, with one dimension per class. Until it is
/// trained, all of its features are 0, unless it has weights. These have a `scale` that their
/// config.json gives and that random ones may choose.
class LinearLayer final : public Encoder, public Learner {
 public:
  LinearLayer(const Options& options, const Context&)
      : dim_(options.integer("dim")),
        scale_(options.number("scale")),
        exports_(options.text("exports")),
        weight_(at::zeros({dim_, bands}).set_requires_grad(true)),
        bias_(at::zeros({dim_}).set_requires_grad(true)) {
    if (const auto& weights = options.weights("weights"); !weights.random()) {
      const kit::Checkpoint checkpoint(weights.path);
      if (scale_ != 1) throw ConfigError("scale belongs to random weights");
      scale_ = checkpoint.config().get<double>("scale");
      const at::NoGradGuard no_grad;
      checkpoint.read("weight", weight_);
      checkpoint.read("bias", bias_);
    }
    const auto time = at::arange(hop, at::kFloat);
    std::vector<at::Tensor> waves;
    for (std::int64_t band = 1; band <= bands; ++band)
      waves.push_back(time * static_cast<float>(2 * std::numbers::pi * 100.0 * band / rate));
    phases_ = at::stack(waves);
  }

  static OptionSchema options() {
    return {{.name = "dim", .value = std::int64_t{2}, .help = "Number of classes"},
            {.name = "scale", .value = 1.0, .help = "Factor on the features"},
            {.name = "exports",
             .value = std::string("all"),
             .help = "What its weights have",
             .choices = {"all", "tensors", "another scale", "nothing"}},
            {.name = "weights", .value = Weights{.source = "random"}, .help = "Trained weights"}};
  }

  AudioNeeds needs() const override { return {.sample_rate = rate}; }
  FeatureSpec spec() const override {
    return {.frame_rate = 100, .first_frame = 0.005, .dim = dim_};
  }
  FeatureBatch encode(const AudioBatch& audio) override {
    audio.check();
    const auto lengths = (audio.lengths + (hop - 1)).floor_divide(hop);
    const auto frames = lengths.max().item<std::int64_t>();
    auto values = at::zeros({audio.samples.size(0), frames, dim_});
    for (std::int64_t b = 0; b < values.size(0); ++b) {
      const auto layer = apply(spectrum(audio, b));
      values[b].slice(0, 0, layer.size(0)).copy_(layer.detach());
    }
    return {values, lengths, spec()};
  }

  void prepare(const Objective& objective) override {
    if (objective.goal != Objective::Goal::classes)
      throw Unsupported("this encoder only learns to tell classes apart");
    if (static_cast<std::int64_t>(objective.classes.size()) != dim_)
      throw Unsupported(std::to_string(objective.classes.size()) + " classes; this encoder has " +
                        std::to_string(dim_) + " dimensions");
  }
  Losses loss(const LearnerBatch& batch, const Turn&) override {
    std::vector<at::Tensor> logits;
    for (std::int64_t b = 0; b < batch.audio.samples.size(0); ++b)
      logits.push_back(apply(spectrum(batch.audio, b).mean(0, true))[0]);
    const auto total = -(batch.targets * at::log_softmax(at::stack(logits), 1)).sum(1).mean();
    return {total, {{"cross_entropy", total.detach()}}};
  }
  NamedTensors parameters() const override { return {{"weight", weight_}, {"bias", bias_}}; }
  State export_weights() const override {
    if (exports_ == "nothing") throw Unsupported("it keeps to itself what it has learnt");
    auto weights = state();
    const auto scale = exports_ == "another scale" ? scale_ + 1 : scale_;
    if (exports_ != "tensors")
      weights.text["config.json"] = "{\"scale\": " + std::to_string(scale) + "}";
    return weights;
  }

 private:
  static constexpr std::int64_t rate = 8000, hop = 80, bands = 16;

  /// (T, bands): distribution of each frame's power.
  at::Tensor spectrum(const AudioBatch& audio, std::int64_t b) const {
    const auto length = audio.lengths[b].item<std::int64_t>();
    const auto frames = (length + hop - 1) / hop;
    const auto wave = audio.samples[b][0].slice(0, 0, length);
    const auto cut = at::constant_pad_nd(wave, {0, frames * hop - length}).view({frames, 1, hop});
    const auto power =
        (cut * phases_.cos()).sum(-1).square() + (cut * phases_.sin()).sum(-1).square();
    return power / (power.sum(-1, true) + 1e-6);
  }
  at::Tensor apply(const at::Tensor& spectrum) const {
    return ((spectrum.unsqueeze(1) * weight_).sum(-1) + bias_) * scale_;
  }

  std::int64_t dim_;
  double scale_;
  std::string exports_;
  at::Tensor weight_, bias_, phases_;
};

/// Trains an encoder to distinguish the classes of a label by stochastic gradient descent. It
/// writes a line to `log` for each step.
class Descent final : public Evaluator {
 public:
  Descent(const Options& options, const Context&)
      : target_(options.text("target")),
        steps_(options.integer("steps")),
        stop_at_(options.integer("stop_at")),
        prepares_(options.flag("prepares")),
        log_(options.path("log")) {}

  static OptionSchema options() {
    return {{.name = "target",
             .value = std::string("pitch"),
             .help = "Label",
             .role = Role::target_label},
            {.name = "steps", .value = std::int64_t{40}, .help = "Steps"},
            {.name = "stop_at",
             .value = std::int64_t{-1},
             .help = "Step at which it dies after saving",
             .affects_results = false},
            {.name = "prepares", .value = true, .help = "Whether it trains at all"},
            {.name = "log", .value = Path{}, .help = "File", .affects_results = false}};
  }

  Uses uses() const override { return {.audio = true, .learner = true}; }
  std::vector<MetricSpec> metrics() const override {
    return {{.name = "loss", .help = "Of the last step", .higher_is_better = false}};
  }

  void fit(Trial& trial) override {
    if (!prepares_) return;
    const c10::AutoGradMode grad(true);
    const auto classes = trial.label(target_).classes;
    auto& learner = trial.learner();
    learner.prepare({.goal = Objective::Goal::classes, .classes = classes});
    std::int64_t step = 0;
    if (const auto own = trial.resume()) step = std::stoll(own->text.at("step"));
    learner.train(true);
    for (; step < steps_; ++step) {
      if (step == stop_at_) throw DataError("died at a step");
      at::manual_seed(trial.seed("step", step));
      const auto items = at::randint(trial.size(Split::train), {12}, at::kLong);
      const auto loss =
          learner.loss(batch(trial, items, classes), {.step = step, .steps = steps_}).total;
      loss.backward();
      descend(learner);
      trial.point("loss", step, loss.item<double>());
      trial.progress(step + 1, steps_);
      if (!log_.empty()) std::ofstream(log_, std::ios::app) << step << "\n";
      trial.save({.text = {{"step", std::to_string(step + 1)}}});
      if (trial.stop()) return;
    }
    learner.train(false);
  }

 private:
  LearnerBatch batch(Trial& trial, const at::Tensor& items,
                     const std::vector<std::string>& classes) const {
    const at::IntArrayRef chosen(items.const_data_ptr<std::int64_t>(),
                                 static_cast<std::size_t>(items.numel()));
    auto targets = at::zeros({items.numel(), static_cast<std::int64_t>(classes.size())});
    for (std::int64_t b = 0; b < items.numel(); ++b) {
      const auto label = std::get<std::string>(
          trial.item(Split::train, chosen[static_cast<std::size_t>(b)]).labels.at(target_));
      const auto place = std::find(classes.begin(), classes.end(), label) - classes.begin();
      targets[b][place] = 1;
    }
    if (!trial.source_specs().empty())
      return {.sources = trial.sources(Split::train, chosen), .targets = targets};
    return {.audio = trial.audio(Split::train, chosen), .targets = targets};
  }
  static void descend(const Learner& learner) {
    const at::NoGradGuard no_grad;
    for (auto& [name, parameter] : learner.parameters()) {
      at::Tensor changed = parameter;
      changed.sub_(5 * parameter.grad());
      changed.mutable_grad().reset();
    }
  }

  std::string target_;
  std::int64_t steps_, stop_at_;
  bool prepares_;
  std::filesystem::path log_;
};

}  // namespace earshot::fixture
