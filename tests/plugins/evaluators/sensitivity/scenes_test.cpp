#include "datasets/scenes/scenes.hpp"

#include <map>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include "encoders/controls/level_only.hpp"
#include "encoders/spectral/log_mel.hpp"
#include "pair_trial.hpp"

namespace sensitivity {
namespace {

/// Steps of scenes, as encoders hear them.
class StepsOfScenes : public testing::Test {
 protected:
  static earshot::scenes::Scenes make_scenes() {
    return {earshot::Options(earshot::scenes::Scenes::options(),
                             {{"pairs", std::string("steps")},
                              {"clips", std::int64_t{12}},
                              {"seconds", 4.0},
                              {"sample_rate", std::int64_t{16000}}}),
            {.device = at::kCPU}};
  }

  /// The mean distance and the relative one of each quantity.
  struct Moved {
    double distance = 0, relative = 0;
  };
  std::map<std::string, Moved> moved(earshot::Encoder& encoder) const {
    std::vector<Pair> pairs;
    std::map<std::int64_t, at::Tensor> first;  // of each scene
    for (std::int64_t i = 0; i < scenes_.size(); ++i) {
      Pair pair{.item = scenes_.item(i)};
      const auto heard = [&](std::int64_t clip) {
        return encoder.encode(scenes_.synthesize(i, clip)).values[0];
      };
      auto& shared = first[pair.item.clips[0].shared];
      if (!shared.defined()) shared = heard(0);
      pair.clips = {shared, heard(1)};
      pairs.push_back(std::move(pair));
    }
    PairTrial trial(std::move(pairs));
    auto evaluator = make({{"reads", std::string("features")}});
    evaluator.predict(trial);
    std::map<std::string, std::vector<earshot::Outcome>> slices;
    std::vector<earshot::Item> items;
    items.reserve(trial.predictions.size());
    for (const auto& prediction : trial.predictions) {
      items.push_back(trial.item(earshot::Split::test, prediction.item));
      slices[items.back().slices.at("quantity")].push_back({items.back(), prediction});
    }
    std::map<std::string, Moved> result;
    for (const auto& [quantity, slice] : slices) {
      auto& one = result[quantity];
      for (const auto& outcome : slice)
        one.distance +=
            outcome.prediction.measures.at("distance") / static_cast<double>(slice.size());
      one.relative = evaluator.score(slice).at("relative");
    }
    return result;
  }

  const earshot::scenes::Scenes scenes_ = make_scenes();
};

TEST_F(StepsOfScenes, move_level_only_by_the_gain_and_by_nothing_else) {
  controls::LevelOnly encoder(
      earshot::Options(controls::LevelOnly::options(), {{"sample_rate", std::int64_t{16000}}}),
      {.device = at::kCPU});
  const auto by = moved(encoder);
  EXPECT_EQ(by.size(), 7U);
  EXPECT_EQ(by.at("same").distance, 0);
  // Level and peak fall by 6.02 dB, the crest factor stays.
  EXPECT_NEAR(by.at("gain").distance, 6.0206 * std::sqrt(2), 1e-3);
  for (const auto& [quantity, one] : by)
    if (quantity != "gain") {
      EXPECT_LT(one.distance, 0.2 * by.at("gain").distance) << quantity;
    }
}

TEST_F(StepsOfScenes, move_log_mel_by_everything_but_encoding_again) {
  spectral::LogMelEncoder encoder(
      earshot::Options(spectral::LogMelEncoder::options(), {{"sample_rate", std::int64_t{16000}}}),
      {.device = at::kCPU});
  const auto by = moved(encoder);
  EXPECT_EQ(by.size(), 7U);
  EXPECT_EQ(by.at("same").relative, 0);
  for (const auto& [quantity, one] : by)
    if (quantity != "same") {
      EXPECT_GT(one.relative, 0.01) << quantity;
      EXPECT_LT(one.relative, 1) << quantity;
    }
  EXPECT_GT(by.at("distance").relative, by.at("shift").relative);
  EXPECT_GT(by.at("reverberation").relative, by.at("shift").relative);
}

}  // namespace
}  // namespace sensitivity
