#include "evaluators/reconstruction/stability.hpp"

#include <cmath>
#include <functional>
#include <set>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/testing.hpp>

#include "evaluators/reconstruction/reconstruction.hpp"

namespace reconstruction {
namespace {

using earshot::AudioBatch;
using earshot::CodeBatch;

/// What FrameCodec does otherwise.
struct Behaviour {
  std::int64_t levels = 1, frame = 160;
  std::function<std::int64_t(std::int64_t code)> decoded = [](std::int64_t code) { return code; };
  std::int64_t counts = 0;  ///< added to the code of frame t: t times this
  double min_seconds = 0;
};

/// The code of a frame is the mean of its samples, from -1 to 1 in 17 steps, at 16 kHz; every level
/// has the same one.
class FrameCodec final : public earshot::Encoder, public earshot::Codec {
 public:
  explicit FrameCodec(Behaviour behaviour) : behaviour_(std::move(behaviour)) {}

  earshot::AudioNeeds needs() const override { return {.min_seconds = behaviour_.min_seconds}; }
  earshot::FeatureSpec spec() const override { return {}; }
  earshot::FeatureBatch encode(const AudioBatch&) override { return {}; }

  earshot::CodeSpec code_spec() const override {
    return {.frame_rate = 16000.0 / static_cast<double>(behaviour_.frame),
            .sizes = std::vector<std::int64_t>(static_cast<std::size_t>(behaviour_.levels), 17)};
  }
  CodeBatch quantize(const AudioBatch& audio) override {
    audio.check();
    ++coded;
    const auto frames =
        std::max<std::int64_t>(1, audio.lengths[0].item<std::int64_t>() / behaviour_.frame);
    auto codes = at::zeros({1, behaviour_.levels, frames}, at::kLong);
    for (std::int64_t t = 0; t < frames; ++t) {
      const auto mean =
          audio.samples[0][0].slice(0, t * behaviour_.frame, (t + 1) * behaviour_.frame).mean();
      const auto code = std::llround(8 + 8 * mean.item<double>()) + behaviour_.counts * t;
      codes.select(2, t).fill_(code % 17);
    }
    return {.codes = codes, .lengths = at::tensor({frames}, at::kLong), .spec = code_spec()};
  }
  earshot::FeatureBatch embed(const CodeBatch&) override { return {}; }
  AudioBatch decode(const CodeBatch& codes) override {
    std::vector<float> samples;
    for (std::int64_t t = 0; t < codes.codes.size(2); ++t) {
      const auto code = behaviour_.decoded(codes.codes[0][0][t].item<std::int64_t>());
      samples.insert(samples.end(), static_cast<std::size_t>(behaviour_.frame),
                     static_cast<float>(code - 8) / 8);
    }
    const auto length = std::ssize(samples);
    return {at::tensor(samples).view({1, 1, length}), at::tensor({length}, at::kLong), 16000};
  }

  int coded = 0;  ///< clips so far

 private:
  Behaviour behaviour_;
};

/// Audio with these codes, at 100 frames per second.
AudioBatch audio_of(const std::vector<std::int64_t>& codes) {
  FrameCodec codec({});
  const auto all = at::tensor(codes, at::kLong).view({1, 1, std::ssize(codes)});
  return codec.decode({.codes = all, .lengths = at::tensor({std::ssize(codes)}, at::kLong)});
}

earshot::Numbers kept_by(const Behaviour& behaviour, const std::vector<std::int64_t>& codes) {
  FrameCodec codec(behaviour);
  const auto audio = audio_of(codes);
  return kept_codes(codec, codec.quantize(audio), audio, behaviour.min_seconds);
}

TEST(KeptCodes, are_all_of_them_for_a_codec_that_returns_to_its_codes) {
  const auto found = kept_by({}, std::vector<std::int64_t>(250, 5));
  EXPECT_EQ(found.at("kept_recoded"), 1);
  EXPECT_EQ(found.at("kept_chunked"), 1);
  EXPECT_NEAR(found.at("kept_shifted"), 249.0 / 250, 1e-12);  // the last frame ends in silence
}

TEST(KeptCodes, are_counted_after_ten_recodings) {
  // A codec that comes back to each code after ten recodings, or after nine.
  for (const std::int64_t round : {10, 9}) {
    const auto next = [round](std::int64_t code) { return (code + 1) % round; };
    const auto found = kept_by({.decoded = next}, {0, 3, 5, 8});
    EXPECT_EQ(found.at("kept_recoded"), round == 10 ? 1 : 0);
  }
}

TEST(KeptCodes, change_with_a_shift_of_2_ms_where_it_moves_enough_of_the_sound) {
  // Of a frame of 10 ms a fifth is exchanged: a step of two codes changes no mean by half a code,
  // one of three does.
  const auto share = [](std::int64_t step) {
    std::vector<std::int64_t> codes;
    for (int pair = 0; pair < 20; ++pair)
      codes.insert(codes.end(), {8, 8 + step});
    return kept_by({}, codes).at("kept_shifted");
  };
  EXPECT_EQ(share(2), 1);
  EXPECT_EQ(share(3), 0);  // in the last frame too, which ends in silence
}

TEST(KeptCodes, change_in_chunks_if_codes_depend_on_what_was_before) {
  // Codes that count frames begin again with each chunk of 100 frames, and 100 mod 17 is not 0.
  const auto found = kept_by({.counts = 1}, std::vector<std::int64_t>(250, 0));
  EXPECT_NEAR(found.at("kept_chunked"), 100.0 / 250, 1e-12);
}

TEST(KeptCodes, of_chunks_are_missing_for_a_short_clip_and_a_codec_that_wants_long_ones) {
  EXPECT_EQ(kept_by({}, std::vector<std::int64_t>(100, 5)).count("kept_chunked"), 0U);
  EXPECT_EQ(kept_by({}, std::vector<std::int64_t>(101, 5)).count("kept_chunked"), 1U);
  EXPECT_EQ(kept_by({.min_seconds = 1}, std::vector<std::int64_t>(300, 5)).count("kept_chunked"),
            0U);
}

TEST(KeptCodes, are_compared_on_the_levels_that_are_chosen) {
  FrameCodec codec({.levels = 3});
  const auto audio = audio_of(std::vector<std::int64_t>(150, 5));
  auto codes = codec.quantize(audio);
  codes.codes = codes.codes.narrow(1, 0, 2);
  codes.spec = codes.spec.first(2);
  EXPECT_EQ(kept_codes(codec, codes, audio, 0).at("kept_recoded"), 1);
}

TEST(KeptCodes, work_with_a_clip_shorter_than_the_shift) {
  const auto one = AudioBatch{at::ones({1, 1, 1}), at::tensor({1L}), 16000};
  FrameCodec codec({});
  const auto found = kept_codes(codec, codec.quantize(one), one, 0);
  EXPECT_EQ(found.at("kept_recoded"), 1);
  EXPECT_EQ(found.at("kept_shifted"), 0);  // nothing is left but silence
}

TEST(Reconstruction, measures_stability_only_if_it_is_asked_to) {
  FrameCodec codec({.levels = 2, .frame = 1600});
  earshot::kit::SyntheticTrial trial(
      {.sizes = {1, 1, 12}, .needs = codec.needs(), .encoder = &codec, .codec = &codec});
  Reconstruction(earshot::Options(Reconstruction::options()), {.device = at::kCPU}).predict(trial);
  EXPECT_EQ(codec.coded, 0);
  EXPECT_EQ(trial.predictions().at(0).measures.count("kept_recoded"), 0U);

  earshot::kit::SyntheticTrial asked(
      {.sizes = {1, 1, 12}, .needs = codec.needs(), .encoder = &codec, .codec = &codec});
  Reconstruction evaluator(earshot::Options(Reconstruction::options(), {{"stability", true}}),
                           {.device = at::kCPU});
  evaluator.predict(asked);
  std::set<std::string> declared;
  for (const auto& metric : evaluator.metrics())
    declared.insert(metric.name);
  std::int64_t chunked = 0;
  for (const auto& [index, prediction] : asked.predictions())
    for (const auto& [name, value] : prediction.measures) {
      EXPECT_TRUE(declared.contains(name)) << name;
      if (!name.starts_with("kept_")) continue;
      EXPECT_GE(value, 0) << name;
      EXPECT_LE(value, 1) << name;
      if (name == "kept_chunked") ++chunked;
    }
  EXPECT_GT(chunked, 0);  // items last from 0.5 to 1.2 s
  EXPECT_LT(chunked, 12);
  EXPECT_EQ(asked.predictions().at(0).measures.count("kept_shifted"), 1U);
}

}  // namespace
}  // namespace reconstruction
