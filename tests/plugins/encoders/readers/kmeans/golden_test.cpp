#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <earshot/kit/checkpoint.hpp>
#include <earshot/kit/random.hpp>

#include "encoders/kmeans/kmeans.hpp"
#include "files.hpp"
#include "sources.hpp"
#include "temporary_folder.hpp"

// Against tests/golden/scripts/kmeans.py, which is numpy and scikit-learn.
namespace {

using namespace earshot;
using namespace earshot::testing;
using kmeans::KMeans;

class KMeansGolden : public ::testing::Test {
 protected:
  nlohmann::json golden =
      nlohmann::json::parse(text_of(EARSHOT_SOURCE_DIR "/tests/golden/kmeans.json"));
  std::int64_t count = golden.at("frames"), dim = golden.at("dim"), k = golden.at("k");
  at::Tensor frames = drawn();
  TemporaryFolder folder{};

  /// As in the script.
  at::Tensor drawn() const {
    kit::Random random(14);
    std::vector<double> centres, values;
    for (std::int64_t i = 0; i < k * dim; ++i)
      centres.push_back(-40 + 12 * random.uniform());
    for (std::int64_t n = 0; n < count; ++n)
      for (std::int64_t d = 0; d < dim; ++d)
        values.push_back(centres[static_cast<std::size_t>(n % k * dim + d)] +
                         9 * (random.uniform() - 0.5));
    return at::tensor(values, at::kDouble).view({count, dim}).to(at::kFloat);
  }

  FeatureBatch features(std::int64_t begin, std::int64_t number) const {
    return {.values = frames.narrow(0, begin, number).unsqueeze(0),
            .lengths = at::tensor({number}),
            .spec = {.frame_rate = 50, .dim = dim}};
  }

  KMeans learner(double decay) const {
    const auto file = folder / "start.safetensors";
    const auto rows = at::arange(k, at::kLong) * (count / k);
    kit::save_safetensors(file, {{"centroids", frames.index_select(0, rows)}});
    const Options options(KMeans::options(),
                          {{"weights", Weights{.source = file.string(), .path = file}},
                           {"decay", decay},
                           {"revive", 0.0}});
    KMeans made(options, Context{.device = at::kCPU});
    connect(made, features(0, 1));
    made.prepare({.goal = Objective::Goal::reconstruction});
    made.train(true);
    return made;
  }

  static double step(KMeans& learner, const FeatureBatch& features, std::int64_t number) {
    const at::NoGradGuard no_grad;
    const auto loss = learner.loss({.sources = {features}}, {.step = number, .steps = 100}).total;
    learner.finish_step(number);
    return loss.item<double>();
  }

  static void expect_centroids(const KMeans& learner, const nlohmann::json& theirs) {
    const auto ours = learner.state().tensors.at("centroids");
    for (std::int64_t c = 0; c < ours.size(0); ++c)
      for (std::int64_t d = 0; d < ours.size(1); ++d)
        EXPECT_NEAR(ours[c][d].item<double>(),
                    theirs.at(static_cast<std::size_t>(c)).at(static_cast<std::size_t>(d)), 1e-4);
  }
};

TEST_F(KMeansGolden, without_memory_and_with_the_whole_set_in_each_step_it_is_lloyd_s_algorithm) {
  const auto& lloyd = golden.at("lloyd");
  const auto inertia = lloyd.at("inertia").get<std::vector<double>>();
  auto learner = this->learner(0);
  const auto all = features(0, count);
  for (std::size_t n = 0; n + 1 < inertia.size(); ++n)
    EXPECT_NEAR(step(learner, all, static_cast<std::int64_t>(n)), inertia[n], 1e-5 * inertia[n]);
  expect_centroids(learner, lloyd.at("centroids"));
  learner.train(false);
  const at::NoGradGuard no_grad;
  const auto final = learner.loss({.sources = {all}}, {}).total.item<double>();
  EXPECT_NEAR(final, inertia.back(), 1e-5 * inertia.back());
  const SourceBatch source = all;
  const auto codes = learner.read_codes({&source, 1}).codes.flatten();
  EXPECT_TRUE(at::equal(codes, at::tensor(lloyd.at("codes").get<std::vector<std::int64_t>>())));
}

TEST_F(KMeansGolden, with_memory_it_is_mini_batch_k_means) {
  const auto& theirs = golden.at("mini_batches");
  const std::int64_t batch = golden.at("batch");
  auto learner = this->learner(1);
  for (std::int64_t begin = 0; begin < count; begin += batch) {
    const double expected = theirs.at("inertia").at(static_cast<std::size_t>(begin / batch));
    EXPECT_NEAR(step(learner, features(begin, batch), begin / batch), expected, 1e-5 * expected);
  }
  expect_centroids(learner, theirs.at("centroids"));
  const auto counts = learner.state().tensors.at("counts");
  EXPECT_TRUE(
      at::equal(counts, at::tensor(theirs.at("counts").get<std::vector<double>>(), at::kDouble)));
}

}  // namespace
