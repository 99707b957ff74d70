#include <array>
#include <cfenv>
#include <cmath>
#include <fstream>
#include <numbers>

#include <ATen/ATen.h>

#include <earshot/kit/random.hpp>
#include <earshot/kit/small_models.hpp>
#include <earshot/plugin.hpp>

#include "fixture_learner.hpp"
#include "small_readers.hpp"

namespace {

using namespace earshot;

/// Tones of two pitches, 900 Hz if clip / 6 + clip is odd; every seventh label is wrong. Clips come
/// from `folder`/<item>.wav, or are synthesized. Two items each share a clip; of every twelve
/// items, six are for training, two for validation, four for testing.
class Tones final : public Dataset {
 public:
  Tones(const Options& options, const Context&)
      : folder_(options.path("folder")), items_(options.integer("items")) {}

  static OptionSchema options() {
    return {{.name = "folder", .value = Path{}, .help = "Where the files lie"},
            {.name = "items", .value = std::int64_t{240}, .help = "Number of items"}};
  }

  std::int64_t size() const override { return items_; }
  std::vector<LabelSpec> labels() const override {
    return {{.name = "pitch", .type = std::string(), .classes = {"high", "low"}},
            {.name = "place", .type = Vector(), .size = 2}};
  }
  Item item(std::int64_t i) const override {
    constexpr std::array<Split, 6> splits{Split::train, Split::train,      Split::train,
                                          Split::test,  Split::validation, Split::test};
    const auto clip = i / 2;
    Item item{.id = "item" + std::to_string(i),
              .split = splits[static_cast<std::size_t>(clip % 6)]};
    item.groups["clip"] = std::to_string(clip);
    item.slices["parity"] = i % 2 == 0 ? "even" : "odd";
    if (i < 12) item.slices["early"] = "yes";
    item.labels["pitch"] = high(clip) != (clip % 7 == 0) ? "high" : "low";
    item.labels["place"] = Vector{at::tensor({i, clip}, at::kFloat)};
    if (!folder_.empty()) item.clips = {{folder_ / (std::to_string(clip) + ".wav")}};
    if (folder_.empty()) item.clips = {{.duration = 0.2}};
    return item;
  }
  AudioBatch synthesize(std::int64_t i, std::int64_t) const override {
    kit::Random random(kit::derive(1, "tone", i));
    const std::int64_t samples = 1600 + i * 10;
    auto wave = at::empty({1, 1, samples}, at::kFloat);
    const double hz = high(i / 2) ? 900 : 300;
    for (std::int64_t n = 0; n < samples; ++n)
      wave.mutable_data_ptr<float>()[n] = static_cast<float>(
          0.3 * std::sin(2 * std::numbers::pi * hz / 8000 * static_cast<double>(n)) +
          0.05 * random.normal());
    return {wave, at::full({1}, samples, at::kLong), 8000};
  }

 private:
  static bool high(std::int64_t clip) { return (clip / 6 + clip) % 2 == 1; }

  std::filesystem::path folder_;
  std::int64_t items_;
};

/// Power and zero crossings of 10 ms frames, or something that breaks a rule.
class Frames : public Encoder, public Codec {
 public:
  Frames(const Options& options, const Context&)
      : defect_(options.text("defect")), rate_(options.integer("rate")), hop_(rate_ / 100) {}

  static OptionSchema options() {
    return {{.name = "defect",
             .value = std::string(),
             .help = "What is wrong",
             .choices = {"", "nan", "frames", "spec", "throws", "rounds", "draws"}},
            {.name = "rate", .value = std::int64_t{8000}, .help = "Sample rate", .unit = "Hz"}};
  }

  AudioNeeds needs() const override { return {.sample_rate = rate_}; }
  FeatureSpec spec() const override { return {.frame_rate = 100, .first_frame = 0.005, .dim = 2}; }
  FeatureBatch encode(const AudioBatch& audio) override {
    audio.check();
    if (defect_ == "throws") throw DataError("it is too loud");
    if (defect_ == "rounds") std::fesetround(FE_UPWARD);
    if (defect_ == "draws") at::rand({3});
    const auto lengths = (audio.lengths + (hop_ - 1)).floor_divide(hop_);
    auto values = at::zeros({audio.samples.size(0), lengths.max().item<std::int64_t>(), 2});
    for (std::int64_t b = 0; b < values.size(0); ++b) {
      const auto length = audio.lengths[b].item<std::int64_t>();
      for (std::int64_t t = 0; t < lengths[b].item<std::int64_t>(); ++t) {
        const auto frame = audio.samples[b][0].slice(0, t * hop_, std::min(length, (t + 1) * hop_));
        values[b][t][0] = frame.square().mean();
        values[b][t][1] = (frame.slice(0, 1) * frame.slice(0, 0, -1) < 0).to(at::kFloat).sum();
      }
    }
    if (defect_ == "nan") values[0][0][0] = std::nan("");
    auto said = spec();
    if (defect_ == "spec") said.first_frame = 1;
    return {values, defect_ == "frames" ? at::ones_like(lengths) : lengths, said};
  }

  CodeSpec code_spec() const override {
    return {.frame_rate = 100, .first_frame = 0.005, .sizes = {64, 8}};
  }
  CodeBatch quantize(const AudioBatch& audio) override {
    const auto features = encode(audio);
    const auto fine = features.values.select(2, 1).clamp(0, 63).to(at::kLong);
    return {at::stack({fine, fine.remainder(8)}, 1), features.lengths, code_spec(),
            features.values.mean(2)};  // more for a longer batch
  }
  FeatureBatch embed(const CodeBatch&) override { throw Unsupported("no embeddings"); }
  AudioBatch decode(const CodeBatch&) override { throw Unsupported("no audio"); }

 private:
  std::string defect_;
  std::int64_t rate_, hop_;
};

/// Knows for each clip the number of its items and the name of the first one: itemN.
class Named final : public Encoder, public Lookup {
 public:
  Named(const Options& options, const Context&)
      : frame_rate_(options.number("frame_rate")), unknown_(options.text("unknown")) {}

  static OptionSchema options() {
    return {{.name = "frame_rate", .value = 0.0, .help = "Frames per second", .unit = "Hz"},
            {.name = "unknown", .value = std::string(), .help = "An item without features"}};
  }

  AudioNeeds needs() const override { return {}; }
  FeatureSpec spec() const override { return {.frame_rate = frame_rate_, .dim = 2}; }
  FeatureBatch encode(const AudioBatch&) override { throw Unsupported("it hears nothing"); }
  at::Tensor look_up(const ClipName& clip) override {
    if (clip.items.front() == unknown_) throw DataError("no features of " + unknown_);
    return at::tensor(
               {std::stof(clip.items.front().substr(4)), static_cast<float>(clip.items.size())})
        .expand({frame_rate_ == 0 ? 1 : 2, 2});
  }

 private:
  double frame_rate_;
  std::string unknown_;
};

/// Logistic regression on the mean features by plain gradient steps, between which it can be
/// stopped and resumed. It writes a line to `log` for each step.
class Steps final : public Evaluator {
 public:
  Steps(const Options& options, const Context&)
      : steps_(options.integer("steps")),
        stop_at_(options.integer("stop_at")),
        defect_(options.text("defect")),
        log_(options.path("log")) {}

  static OptionSchema options() {
    return {{.name = "steps", .value = std::int64_t{20}, .help = "Steps"},
            {.name = "stop_at",
             .value = std::int64_t{-1},
             .help = "Step at which it dies after saving",
             .affects_results = false},
            {.name = "defect", .value = std::string(), .help = "What is wrong"},
            {.name = "log", .value = Path{}, .help = "File", .affects_results = false}};
  }

  Uses uses() const override {
    return {.features = defect_ != "audio", .audio = defect_ == "audio"};
  }
  std::vector<MetricSpec> metrics() const override {
    return {{.name = "accuracy", .help = "Share right", .primary = true},
            {.name = "recall_sum", .help = "Sum of the recalls"},
            {.name = "loss", .help = "Of the last step", .higher_is_better = false}};
  }

  void fit(Trial& trial) override {
    std::int64_t step = 0;
    const auto x = inputs(trial, Split::train);
    weight_ = at::zeros({x.size(1)});
    double loss = 0;
    if (const auto own = trial.resume()) {
      step = std::stoll(own->text.at("step"));
      weight_ = own->tensors.at("weight").clone();
    }
    const auto y = truth(trial, Split::train);
    for (; step < steps_; ++step) {
      if (step == stop_at_) throw DataError("died at a step");
      at::manual_seed(trial.seed("step", step));
      const auto chosen = (at::rand({x.size(0)}) < 0.5).to(at::kFloat);
      const auto error = (at::sigmoid(x.mv(weight_)) - y) * chosen;
      weight_ = weight_ - 0.05 * x.t().mv(error);
      loss = error.square().mean().item<double>();
      trial.point("loss", step, loss);
      if (!log_.empty()) std::ofstream(log_, std::ios::app) << step << "\n";
      trial.save({.tensors = {{"weight", weight_}}, .text = {{"step", std::to_string(step + 1)}}});
      if (trial.stop()) return;
    }
    trial.report("loss", defect_ == "nan_report" ? std::nan("") : loss, steps_);
    const auto artifact = trial.artifact("weights.txt");
    if (defect_ != "writes_nothing") std::ofstream(artifact) << weight_[0].item<double>();
  }

  void predict(Trial& trial) override {
    const auto items = trial.size(Split::test) - (defect_ == "incomplete" ? 1 : 0);
    if (defect_ == "rounds") std::fesetround(FE_DOWNWARD);
    const auto scores = at::sigmoid(inputs(trial, Split::test).mv(weight_)).to(at::kDouble);
    for (auto i = items - 1; i >= 0; --i) {
      const auto score = scores[i].item<double>();
      trial.predict({.item = i,
                     .output = std::string(defect_ == "long"        ? 300'000
                                           : defect_ == "very_long" ? 20'000'000
                                                                    : 0,
                                           'x'),
                     .value = score > 0.5 ? "high" : "low",
                     .scores = {score}});
      if (defect_ == "twice") trial.predict({.item = i});
    }
  }

  Numbers mark(const Item& item, const Prediction& prediction) const override {
    if (defect_ == "undeclared") return {{"speed", 1}};
    return {{"accuracy", *prediction.value == item.labels.at("pitch") ? 1.0 : 0.0}};
  }
  Numbers score(std::span<const Outcome> slice) const override {
    double right[2] = {}, all[2] = {};
    for (const auto& [item, prediction] : slice) {
      const auto c = item.labels.at("pitch") == Label("high");
      ++all[c];
      if (*prediction.value == item.labels.at("pitch")) ++right[c];
    }
    if (all[0] == 0 || all[1] == 0) return {};
    return {{"recall_sum", right[0] / all[0] + right[1] / all[1]}};
  }

  State state() const override { return {.tensors = {{"weight", weight_}}}; }
  void load_state(const State& state) override {
    weight_ = state.tensors.at("weight") * 0;  // a partly loaded state must have no effect
    if (defect_ == "unloadable") throw 42;
    weight_ = state.tensors.at("weight").clone();
  }

 private:
  at::Tensor inputs(Trial& trial, Split split) const {
    std::vector<at::Tensor> rows;
    for (std::int64_t i = 0; i < trial.size(split); ++i) {
      if (defect_ == "audio") {
        const auto wave = trial.audio(split, i).samples[0][0];
        rows.push_back(at::stack({wave.square().mean(), wave.abs().mean(), at::ones({})}));
        continue;
      }
      const auto mean = trial.features(split, i).values[0].mean(0);
      rows.push_back(at::cat({mean * 0.1, at::ones({1})}));
    }
    return at::stack(rows);
  }
  static at::Tensor truth(const Trial& trial, Split split) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < trial.size(split); ++i)
      values.push_back(trial.item(split, i).labels.at("pitch") == Label("high") ? 1 : 0);
    return at::tensor(values);
  }

  std::int64_t steps_, stop_at_;
  std::string defect_;
  std::filesystem::path log_;
  at::Tensor weight_;
};

/// As a component: the small model is intended for tests that construct it themselves.
class SmallModel final : public kit::SmallLanguageModel {
 public:
  SmallModel(const Options&, const Context&) {}
};

}  // namespace

EARSHOT_PLUGIN("stage_fixture", "1.0.0", "Components whose every number is known") {
  registrar.add<Tones>("tones", "Tones of two pitches");
  registrar.add<Frames>("frames", "Power and zero crossings");
  registrar.add<Named>("named", "What clips are called");
  registrar.add<Steps>("steps", "Logistic regression by steps");
  registrar.add<fixture::LinearLayer>("linear_layer", "One layer that can be trained");
  registrar.add<SmallModel>("small_language_model", "Bytes, by what is heard");
  registrar.add<fixture::Descent>("descent", "Trains an encoder");
  registrar.add<testing::Units>("units", "Codes of features");
  registrar.add<testing::Counts>("counts", "How often codes occur, beside features");
  registrar.add<testing::SourceLayer>("source_layer", "One layer on features, that can be trained");
}
