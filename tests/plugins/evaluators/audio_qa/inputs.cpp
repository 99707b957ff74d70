#include "inputs.hpp"

#include <gmock/gmock.h>

#include "question_trial.hpp"

namespace {

using namespace earshot;
using audio_qa::Inputs;

/// Features in which every value depends on the length of the clip.
struct HearsLength final : Encoder {
  AudioNeeds needs() const override { return {.sample_rate = 1000}; }
  FeatureSpec spec() const override { return {.frame_rate = 10, .first_frame = 0.05, .dim = 8}; }
  FeatureBatch encode(const AudioBatch& audio) override {
    const auto samples = audio.lengths[0].item<std::int64_t>();
    return {at::full({1, samples / 100, 8}, static_cast<float>(samples)),
            at::tensor({samples / 100}, at::kLong), spec()};
  }
};

std::vector<at::Tensor> heard(const std::vector<std::vector<std::int64_t>>& batches) {
  HearsLength encoder;
  test::QuestionTrial trial({.encoder = &encoder});
  Inputs inputs(
      Options(Inputs::options(), {{"input", std::string("silence")}, {"standardise", false}}),
      at::kCPU);
  inputs.learn(trial);
  std::map<std::int64_t, at::Tensor> all;
  for (const auto& batch : batches) {
    const auto some = inputs.heard(trial, Split::test, batch);
    for (std::size_t b = 0; b < batch.size(); ++b)
      all[batch[b]] = std::get<Embeddings>(some[b].clips.at(0)).values.detach();
  }
  std::vector<at::Tensor> result;
  for (const auto& [item, values] : all)
    result.push_back(values);
  return result;
}

// Regression: the silence control depended on the order and size of batches.
TEST(Inputs, give_silence_that_depends_only_on_the_item) {
  const auto together = heard({{0, 1, 2, 3, 4, 5}});
  const auto apart = heard({{5}, {3}, {4, 0}, {1}, {2}});
  ASSERT_EQ(together.size(), 6U);
  for (std::size_t i = 0; i < together.size(); ++i)
    EXPECT_TRUE(at::equal(together[i], apart[i])) << i;
}

}  // namespace
