#include <memory>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>

#include <earshot/kit/testing.hpp>

#include "representation.hpp"
#include "small_readers.hpp"

// Encoders that read others, and learn from what they read.

namespace {

using namespace earshot;
using representation::Representation;

/// The layer on the features that are the last of its sources. It remembers what it was given.
class RememberingLayer : public earshot::testing::SourceLayer {
 public:
  RememberingLayer()
      : SourceLayer(Options(options(), {{"dim", std::int64_t{3}}}), Context{.device = c10::kCPU}) {}

  Losses loss(const LearnerBatch& batch, const Turn& turn) override {
    batches.push_back(batch);
    auto last = batch;
    last.sources = {batch.sources.back()};
    return SourceLayer::loss(last, turn);
  }

  std::vector<LearnerBatch> batches{};
};

/// The synthetic trial with an encoder that reads its features, or its codes and its features.
class ReadingTrial : public kit::SyntheticTrial {
 public:
  explicit ReadingTrial(const kit::SyntheticTrialSpec& spec = {}, bool reads_codes = false)
      : ReadingTrial(std::make_unique<RememberingLayer>(), spec, reads_codes) {}

  std::vector<SourceSpec> source_specs() const override {
    std::vector<SourceSpec> specs;
    if (reads_codes_) specs.emplace_back(CodeSpec{.frame_rate = 10, .sizes = {16, 16}});
    specs.emplace_back(feature_spec());
    return specs;
  }
  std::vector<SourceBatch> sources(Split split, at::IntArrayRef items, std::int64_t clip) override {
    std::vector<SourceBatch> batches;
    if (reads_codes_) batches.emplace_back(codes(split, items, clip));
    batches.emplace_back(features(split, items, clip));
    return batches;
  }
  AudioBatch audio(Split, at::IntArrayRef, std::int64_t) override {
    throw Unsupported("its encoder takes no audio");
  }
  void point(std::string_view curve, std::int64_t step, double value) override {
    SyntheticTrial::point(curve, step, value);
    curves[std::string(curve)].push_back(value);
  }

  RememberingLayer& layer() { return *layer_; }

  std::map<std::string, std::vector<double>> curves{};

 private:
  ReadingTrial(std::unique_ptr<RememberingLayer> layer, kit::SyntheticTrialSpec spec,
               bool reads_codes)
      : SyntheticTrial(with(std::move(spec), *layer)),
        reads_codes_(reads_codes),
        layer_(std::move(layer)) {
    layer_->connect(std::vector<SourceSpec>{feature_spec()});
    at::set_num_threads(1);  // much faster for such a small model
  }
  static kit::SyntheticTrialSpec with(kit::SyntheticTrialSpec spec, RememberingLayer& layer) {
    spec.encoder = &layer;
    spec.learner = &layer;
    return spec;
  }

  bool reads_codes_;
  std::unique_ptr<RememberingLayer> layer_;
};

void train_reader(ReadingTrial& trial, std::map<std::string, OptionValue> given = {}) {
  const at::NoGradGuard no_grad;
  given.try_emplace("target", std::string("kind"));
  given.try_emplace("max_steps", std::int64_t{60});
  given.try_emplace("lr", 1.0);
  given.try_emplace("validate_every", std::int64_t{20});
  given.try_emplace("log_every", std::int64_t{1});
  Representation(Options(Representation::options(), given), Context{.device = c10::kCPU})
      .fit(trial);
}

TEST(RepresentationOfAReader, learns_from_whole_clips_of_what_it_reads) {
  ReadingTrial trial;
  train_reader(trial);
  const auto& losses = trial.curves.at("validation_loss");
  ASSERT_EQ(losses.size(), 3u);
  EXPECT_LT(losses.back(), 0.5 * std::log(3.0));
  EXPECT_EQ(trial.reports().at("train_steps"), 60);
  std::int64_t longest = 0;
  for (const auto& batch : trial.layer().batches) {
    EXPECT_FALSE(batch.audio.samples.defined());
    ASSERT_EQ(batch.sources.size(), 1u);
    const auto& read = std::get<FeatureBatch>(batch.sources[0]);
    EXPECT_EQ(read.values.size(0), batch.targets.size(0));
    longest = std::max(longest, read.lengths.max().item<std::int64_t>());
  }
  EXPECT_EQ(longest, 12) << "frames of the longest clip";
}

TEST(RepresentationOfAReader, learns_from_the_codes_and_features_of_the_same_clips) {
  ReadingTrial trial({}, true), alone;
  train_reader(trial);
  train_reader(alone);
  ASSERT_EQ(trial.layer().batches.size(), alone.layer().batches.size());
  for (std::size_t i = 0; i < trial.layer().batches.size(); ++i) {
    const auto& batch = trial.layer().batches[i];
    ASSERT_EQ(batch.sources.size(), 2u);
    const auto& codes = std::get<CodeBatch>(batch.sources[0]);
    const auto& features = std::get<FeatureBatch>(batch.sources[1]);
    EXPECT_TRUE(at::equal(codes.lengths, features.lengths));
    const auto& expected = std::get<FeatureBatch>(alone.layer().batches[i].sources[0]);
    EXPECT_TRUE(at::equal(features.values, expected.values));
    EXPECT_EQ(codes.codes.size(0), batch.targets.size(0));
  }
  EXPECT_EQ(trial.reports(), alone.reports());
}

TEST(RepresentationOfAReader, that_is_stopped_at_any_step_resumes_with_the_same_bits) {
  const std::map<std::string, OptionValue> given{{"max_steps", std::int64_t{6}},
                                                 {"accumulate", std::int64_t{2}},
                                                 {"validate_every", std::int64_t{3}}};
  ReadingTrial undisturbed;
  train_reader(undisturbed, given);
  for (std::int64_t step = 0; step < 6; ++step) {
    SCOPED_TRACE(step);
    ReadingTrial stopped({.stop_after = step}), rest;
    train_reader(stopped, given);
    rest.continue_from(stopped);
    train_reader(rest, given);
    const auto expected = undisturbed.layer().state().tensors;
    for (const auto& [name, tensor] : rest.layer().state().tensors)
      EXPECT_TRUE(at::equal(tensor, expected.at(name))) << name;
    EXPECT_EQ(rest.reports(), undisturbed.reports());
  }
}

TEST(RepresentationOfAReader, refuses_to_crop_what_it_reads) {
  ReadingTrial trial;
  EXPECT_THAT(
      [&] {
        train_reader(trial, {{"crop_seconds", 0.5}});
      },
      ::testing::ThrowsMessage<ConfigError>(
          ::testing::HasSubstr("the encoder reads other encoders: only audio is cropped")));
  EXPECT_TRUE(trial.layer().batches.empty());
}

}  // namespace
