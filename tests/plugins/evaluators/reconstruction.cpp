#include "evaluators/reconstruction/reconstruction.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <earshot/kit/random.hpp>
#include <earshot/kit/testing.hpp>

#include "evaluators/reconstruction/distances.hpp"
#include "evaluators/reconstruction/intelligibility.hpp"

namespace {

using reconstruction::intelligibility;
using reconstruction::Reconstruction;
using reconstruction::si_sdr;
using reconstruction::SpectralComparison;

at::Tensor noise(std::int64_t length, double level, std::uint64_t seed) {
  earshot::kit::Random random(seed);
  std::vector<double> samples;
  for (std::int64_t n = 0; n < length; ++n)
    samples.push_back(level * (2 * random.uniform() - 1));
  return at::tensor(samples, at::kDouble);
}

/// The same signal as in tests/golden/scripts/reconstruction.py.
at::Tensor voice(std::int64_t rate, double seconds, std::uint64_t seed) {
  constexpr double turn = 2 * std::numbers::pi;
  const auto number = static_cast<double>(seed);
  earshot::kit::Random random(seed);
  std::vector<double> samples;
  for (std::int64_t n = 0; n < static_cast<std::int64_t>(static_cast<double>(rate) * seconds);
       ++n) {
    const double t = static_cast<double>(n) / static_cast<double>(rate);
    const double syllable = std::pow(std::max(0.0, std::sin(turn * 4 * t + number)), 2);
    double tone = 0;
    for (int k = 1; k < 25; ++k)
      tone += std::sin(turn * 120 * k * t + k * number) / k;
    samples.push_back(0.1 * syllable * tone + 0.001 * (2 * random.uniform() - 1));
  }
  return at::tensor(samples, at::kDouble);
}

TEST(Distances, are_those_of_the_reference_implementations) {
  std::ifstream file(EARSHOT_SOURCE_DIR "/tests/golden/reconstruction.json");
  const auto cases = nlohmann::json::parse(file);
  ASSERT_GE(cases.size(), 4U);
  for (const auto& one : cases) {
    SCOPED_TRACE(one.at("name").get<std::string>());
    const auto near = [&](const char* name, double value, double tolerance) {
      EXPECT_NEAR(value, one.at(name).get<double>(), tolerance) << name;
    };
    const auto rate = one.at("sample_rate").get<std::int64_t>();
    const auto x = voice(rate, one.at("seconds").get<double>(), 1);
    const auto y = 0.7 * x + noise(x.size(0), one.at("noise").get<double>(), 2);
    const auto spectral = SpectralComparison(rate)(x, y);
    near("stft", spectral.stft, 1e-6);
    near("mel", spectral.mel, 1e-5);  // librosa's filters are float32
    near("lsd", spectral.log_spectral, 1e-6);
    near("si_sdr", si_sdr(x, y).value(), 1e-9);
    const auto understood = intelligibility(x, y, rate).value();
    near("stoi", understood.stoi, 1e-9);
    near("estoi", understood.estoi, 1e-9);
  }
}

TEST(SiSdr, is_the_ratio_of_projection_to_residual_at_any_level) {
  const auto t = at::arange(4800, at::kDouble) * (2 * std::numbers::pi / 4800);
  const auto original = (40 * t).sin(), rest = (77 * t).sin() * 0.1;  // orthogonal
  for (const double level : {1.0, 0.01, -3.0})
    EXPECT_NEAR(si_sdr(original, level * (original + rest) + 0.25).value(), 20, 1e-6);
}

TEST(SiSdr, is_missing_if_it_is_not_finite) {
  const auto original = noise(1000, 0.5, 1), silence = at::zeros({1000}, at::kDouble);
  EXPECT_FALSE(si_sdr(silence, original));
  EXPECT_FALSE(si_sdr(original, silence));
  EXPECT_FALSE(si_sdr(original, original));
}

TEST(SpectralComparison, reports_a_level_difference_in_decibels_for_any_length) {
  for (const std::int64_t length : {3000, 200000}) {
    const auto x = noise(length, 0.01, 3);
    const SpectralComparison compare(24000);
    const auto same = compare(x, x), louder = compare(x, 10 * x);
    EXPECT_EQ(same.stft + same.mel + same.log_spectral + same.log_mel_mae + same.log_mel_mse, 0);
    EXPECT_NEAR(louder.log_spectral, 20, 1e-3);
    EXPECT_NEAR(louder.log_mel_mae, 20, 1e-2);
    EXPECT_NEAR(louder.log_mel_mse, 400, 0.5);
    EXPECT_GT(louder.stft, 4);  // 2 of each window, and the difference of the magnitudes
    EXPECT_GT(louder.mel, 4);
  }
}

TEST(SpectralComparison, takes_a_single_sample_and_silence) {
  const auto one = at::ones({1}, at::kDouble), none = at::zeros({1}, at::kDouble);
  const auto distances = SpectralComparison(16000)(one, none);
  EXPECT_GT(distances.log_spectral, 1);
  EXPECT_TRUE(std::isfinite(distances.stft + distances.mel));
  EXPECT_EQ(SpectralComparison(16000)(none, none).stft, 0);
}

TEST(Intelligibility, of_a_perfect_copy_is_one_and_of_silence_none) {
  const auto x = voice(16000, 1.5, 4);
  const auto perfect = intelligibility(x, 0.3 * x, 16000).value();
  EXPECT_NEAR(perfect.stoi, 1, 1e-9);
  EXPECT_NEAR(perfect.estoi, 1, 1e-9);
  EXPECT_EQ(intelligibility(x, at::zeros_like(x), 16000).value().stoi, 0);
}

TEST(Intelligibility, needs_0_4_s_of_an_audible_original) {
  EXPECT_FALSE(intelligibility(at::zeros({16000}, at::kDouble), noise(16000, 1, 1), 16000));
  EXPECT_FALSE(intelligibility(noise(6000, 1, 1), noise(6000, 1, 2), 16000));
  EXPECT_FALSE(intelligibility(noise(1, 1, 1), noise(1, 1, 2), 16000));
  EXPECT_TRUE(intelligibility(noise(7000, 1, 1), noise(7000, 1, 2), 16000));
  auto mostly_silent = noise(64000, 1, 1);
  mostly_silent.narrow(0, 6000, 58000).zero_();
  EXPECT_FALSE(intelligibility(mostly_silent, noise(64000, 1, 2), 16000));
}

Reconstruction make_evaluator(std::int64_t levels = 0) {
  return Reconstruction(earshot::Options(Reconstruction::options(), {{"levels", levels}}),
                        {.device = at::kCPU});
}

class OnSyntheticTrial : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(OnSyntheticTrial, measures_every_item_and_the_rate) {
  earshot::kit::SyntheticTrial trial({.needs = {.sample_rate = 16000, .channels = GetParam()}});
  auto evaluator = make_evaluator();
  evaluator.fit(trial);
  evaluator.predict(trial);
  std::map<std::string, int> declared;
  for (const auto& metric : evaluator.metrics())
    ++declared[metric.name];
  ASSERT_EQ(trial.predictions().size(), 30U);
  for (const auto& [index, prediction] : trial.predictions()) {
    const auto numbers = evaluator.mark(trial.item(earshot::Split::test, index), prediction);
    EXPECT_EQ(numbers.size(), 9U);
    for (const auto& [name, value] : numbers) {
      EXPECT_EQ(declared[name], 1) << name;
      EXPECT_TRUE(std::isfinite(value)) << name;
    }
    // A tone of amplitude 0.3 and noise of deviation 0.01.
    EXPECT_NEAR(numbers.at("si_sdr"), 10 * std::log10(0.045 / 1e-4), 0.5);
    EXPECT_NEAR(numbers.at("l1"), 0.01 * std::sqrt(2 / std::numbers::pi), 1e-3);
  }
  // Ten frames per second of two codebooks with 16 entries, of which the codes use 15.
  const auto reports = trial.reports();
  EXPECT_THAT(reports, ::testing::IsSupersetOf(
                           {std::pair<std::string, double>("bits_per_second", 80.0),
                            {"tokens_per_second", 20.0},
                            {"compression", 16.0 * 16000 * static_cast<double>(GetParam()) / 80},
                            {"usage", 15.0 / 16}}));
  EXPECT_EQ(reports.size(), 6U);
  for (const auto* level : {"entropy_01", "entropy_02"}) {  // five entries for each of three kinds
    EXPECT_GT(reports.at(level), std::log2(5.0)) << level;
    EXPECT_LT(reports.at(level), std::log2(15.0)) << level;
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, OnSyntheticTrial, ::testing::Values(1, 2));

/// Decodes to audio of any length, too short or too long.
class CutCodec final : public earshot::Codec {
 public:
  explicit CutCodec(std::int64_t length) : length_(length) {}
  earshot::CodeSpec code_spec() const override { return {}; }
  earshot::CodeBatch quantize(const earshot::AudioBatch&) override { return {}; }
  earshot::FeatureBatch embed(const earshot::CodeBatch&) override { return {}; }
  earshot::AudioBatch decode(const earshot::CodeBatch& codes) override {
    codes.check();
    decoded = codes;
    return {at::full({1, 1, length_}, 0.5F), at::tensor({length_}, at::kLong), 16000};
  }

  earshot::CodeBatch decoded{};  ///< in the last call

 private:
  std::int64_t length_;
};

TEST(Reconstruction, compares_over_the_length_of_the_original) {
  const auto l1 = [](std::int64_t length) {
    CutCodec codec(length);
    earshot::kit::SyntheticTrial trial({.sizes = {1, 1, 1}, .codec = &codec});
    auto evaluator = make_evaluator();
    evaluator.predict(trial);
    return trial.predictions().at(0).measures.at("l1");
  };
  EXPECT_EQ(l1(16000 * 60), l1(16000 * 70));
  EXPECT_NE(l1(16000 * 60), l1(10));
}

TEST(Reconstruction, decodes_the_first_levels_that_it_is_asked_for) {
  CutCodec codec(100);
  earshot::kit::SyntheticTrial trial({.sizes = {1, 1, 1}, .codec = &codec});
  make_evaluator(1).predict(trial);
  const auto all = trial.codes(earshot::Split::test, 0);
  EXPECT_TRUE(at::equal(codec.decoded.codes, all.codes.narrow(1, 0, 1)));
  EXPECT_EQ(codec.decoded.spec, all.spec.first(1));
  const auto reports = trial.reports();
  EXPECT_THAT(reports,
              ::testing::IsSupersetOf({std::pair<std::string, double>("bits_per_second", 40.0),
                                       {"tokens_per_second", 10.0}}));
}

TEST(Reconstruction, leaves_the_first_items_to_be_heard_and_seen) {
  earshot::kit::SyntheticTrial trial({.sizes = {1, 1, 3}});
  Reconstruction(earshot::Options(Reconstruction::options(), {{"samples", std::int64_t{2}}}),
                 {.device = at::kCPU})
      .predict(trial);
  for (const auto* ending : {"_before.flac", "_after.flac", ".png"}) {
    EXPECT_GT(std::filesystem::file_size(trial.artifact("sample_1" + std::string(ending))), 500u);
    EXPECT_FALSE(std::filesystem::exists(trial.artifact("sample_2" + std::string(ending))));
  }
}

TEST(Reconstruction, reports_the_entropy_of_as_many_codebooks_as_it_is_asked_for) {
  CutCodec codec(100);
  earshot::kit::SyntheticTrial trial({.sizes = {1, 1, 1}, .codec = &codec});
  Reconstruction evaluator(
      earshot::Options(Reconstruction::options(), {{"books", std::int64_t{1}}}),
      {.device = at::kCPU});
  evaluator.predict(trial);
  EXPECT_EQ(trial.reports().count("entropy_01"), 1U);
  EXPECT_EQ(trial.reports().count("entropy_02"), 0U);
}

TEST(Reconstruction, refuses_more_levels_than_the_codec_has) {
  CutCodec codec(100);
  earshot::kit::SyntheticTrial trial({.sizes = {1, 1, 1}, .codec = &codec});
  EXPECT_THAT([&] { make_evaluator(3).predict(trial); },
              ::testing::ThrowsMessage<earshot::ConfigError>(
                  ::testing::HasSubstr("levels is 3; allowed: 1 to 2")));
}

}  // namespace
