// Reproduces the numbers of a published experiment on the real recordings. Skipped without them.
#include <cstdlib>
#include <numeric>

#include <gmock/gmock.h>
#include <sndfile.h>

#include "datasets/esc50/esc50.hpp"
#include "encoders/spectral/log_mel.hpp"
#include "encoders/spectral/mfcc.hpp"
#include "evaluators/probes/knn.hpp"
#include "evaluators/probes/linear_probe.hpp"
#include "memory_trial.hpp"

namespace {

using earshot::Context;
using earshot::Encoder;
using earshot::Options;
using earshot::OptionValue;
using earshot::test::MemoryTrial;
using Given = std::map<std::string, OptionValue>;

const Context context{.device = at::kCPU};

std::filesystem::path data_folder() {
  const auto* given = std::getenv("EARSHOT_DATA");
  return std::filesystem::path(given != nullptr ? given : EARSHOT_SOURCE_DIR "/../shared/data") /
         "esc10";
}

earshot::AudioBatch read(const std::filesystem::path& file) {
  SF_INFO info{};
  auto* sound = sf_open(file.c_str(), SFM_READ, &info);
  if (sound == nullptr) throw std::runtime_error("cannot read " + file.string());
  auto samples = at::empty({1, 1, info.frames});
  const auto got = sf_readf_float(sound, samples.mutable_data_ptr<float>(), info.frames);
  sf_close(sound);
  if (got != info.frames || info.channels != 1) throw std::runtime_error("odd " + file.string());
  return {.samples = samples,
          .lengths = at::tensor({static_cast<std::int64_t>(info.frames)}),
          .sample_rate = info.samplerate};
}

/// ESC-10 as features of one encoder.
struct Examples {
  esc50::Esc50 dataset;
  earshot::FeatureSpec spec;
  std::vector<MemoryTrial::Example> all;

  explicit Examples(Encoder& encoder)
      : dataset(Options(esc50::Esc50::options(),
                        {{"root", earshot::Path{data_folder()}}, {"subset", std::string("esc10")}}),
                context),
        spec(encoder.spec()) {
    for (std::int64_t i = 0; i < dataset.size(); ++i) {
      auto item = dataset.item(i);
      auto features = encoder.encode(read(item.clips.front().file)).values[0];
      all.push_back({std::move(item), features});
    }
  }

  /// Shuffles the labels among all items.
  void shuffle_labels() {
    earshot::kit::Random random(7);
    for (auto i = static_cast<std::int64_t>(all.size()); i > 1; --i)
      std::swap(all[static_cast<std::size_t>(i - 1)].item.labels,
                all[static_cast<std::size_t>(random.below(i))].item.labels);
  }

  /// Accuracy of each of the five folds, in percent.
  template <class Probe>
  std::vector<double> accuracies(Given options) const {
    options["target"] = std::string("class");
    std::vector<double> result;
    for (int fold = 1; fold <= 5; ++fold) {
      std::vector<MemoryTrial::Example> train, test;
      for (const auto& example : all)
        (example.item.fold == fold ? test : train).push_back(example);
      MemoryTrial trial(dataset.labels(), spec, train, test);
      Probe probe(Options(Probe::options(), options), context);
      probe.fit(trial);
      probe.predict(trial);
      result.push_back(100 * numbers_of(probe, trial).at("accuracy"));
    }
    return result;
  }
};

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

class Esc10 : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(data_folder()))
      GTEST_SKIP() << "no ESC-10 at " << data_folder() << "; set EARSHOT_DATA to its parent";
  }
};

/// Each fold agrees within one clip of 80.
void expect_folds(const std::vector<double>& ours, const std::vector<double>& published) {
  EXPECT_THAT(ours, testing::Pointwise(testing::DoubleNear(1.25 + 1e-9), published));
}

TEST_F(Esc10, gives_the_published_baselines_fold_by_fold) {
  spectral::Mfcc mfcc(Options(spectral::Mfcc::options(), {{"sample_rate", std::int64_t{44100}},
                                                          {"n_fft", std::int64_t{2048}},
                                                          {"hop", std::int64_t{512}},
                                                          {"mels", std::int64_t{128}},
                                                          {"first", std::int64_t{1}},
                                                          {"count", std::int64_t{12}},
                                                          {"zero_crossings", true},
                                                          {"sixteen_bit", true}}),
                      context);
  const Examples examples(mfcc);
  expect_folds(
      examples.accuracies<probes::Knn>(
          {{"k", std::int64_t{8}}, {"standardise", false}, {"ties", std::string("dataset")}}),
      {58.75, 72.5, 67.5, 72.5, 62.5});
  expect_folds(examples.accuracies<probes::LinearProbe>({{"head", std::string("svm")},
                                                         {"c", 0.1},
                                                         {"standardise", false},
                                                         {"ties", std::string("dataset")}}),
               {57.5, 78.75, 65, 73.75, 62.5});
}

TEST_F(Esc10, logistic_regression_on_log_mel_reaches_78_percent_and_chance_with_shuffled_labels) {
  spectral::LogMelEncoder log_mel(
      Options(spectral::LogMelEncoder::options(), {{"sample_rate", std::int64_t{44100}},
                                                   {"n_fft", std::int64_t{2048}},
                                                   {"hop", std::int64_t{512}},
                                                   {"mels", std::int64_t{128}}}),
      context);
  Examples examples(log_mel);
  EXPECT_NEAR(mean(examples.accuracies<probes::LinearProbe>({{"c", 0.1}})), 78, 1.5);
  examples.shuffle_labels();
  EXPECT_NEAR(mean(examples.accuracies<probes::LinearProbe>({{"c", 0.1}})), 10, 4.5);
}

}  // namespace
