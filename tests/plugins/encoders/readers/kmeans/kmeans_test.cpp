#include "encoders/kmeans/kmeans.hpp"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/optimiser.hpp>

#include <earshot/kit/testing.hpp>

#include "exported_weights.hpp"
#include "sources.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using kmeans::KMeans;
using ::testing::HasSubstr;
using Given = std::map<std::string, OptionValue>;

constexpr std::int64_t cloud_dim = 3, cloud_count = 6;

/// Frames around `cloud_count` points that lie 10 apart, with deviation 0.5; 0 after a clip's
/// length.
FeatureBatch clips_of_clouds(const std::vector<std::int64_t>& lengths, std::uint64_t seed) {
  auto batch = random_features(lengths, cloud_dim, 100 * seed);
  for (std::size_t b = 0; b < lengths.size(); ++b)
    for (std::int64_t t = 0; t < lengths[b]; ++t) {
      const auto cloud = (t + static_cast<std::int64_t>(b)) % cloud_count;
      batch.values[static_cast<std::int64_t>(b)][t].mul_(0.5).select(0, 0).add_(10 * cloud);
    }
  return batch;
}

const std::vector<std::int64_t> usual_lengths = {50, 21, 34, 60};

KMeans make_clusters(const Given& given = {}) {
  return {Options(KMeans::options(), given), Context{.device = at::kCPU}};
}

/// Ready for training.
KMeans learner(Given given = {}) {
  given.insert({{"k", cloud_count}});
  auto made = make_clusters(given);
  connect(made, clips_of_clouds({1}, 0));
  made.prepare({.goal = Objective::Goal::reconstruction});
  made.train(true);
  return made;
}

Given from_file(const std::filesystem::path& file, const at::Tensor& centroids) {
  kit::save_safetensors(file, {{"centroids", centroids}});
  return {{"weights", Weights{.source = file.string(), .path = file}}, {"k", centroids.size(0)}};
}

void finish(KMeans& made, std::int64_t step) {
  const at::NoGradGuard no_grad;
  at::manual_seed(static_cast<std::uint64_t>(step));
  made.finish_step(step);
}

/// A step as a host makes it, with an optimiser that moves the centroids.
double take_step(KMeans& made, kit::AdamW& optimiser, const FeatureBatch& clips, std::int64_t step,
                 std::int64_t steps) {
  const c10::AutoGradMode grad(true);
  const auto losses = made.loss({.sources = {clips}}, {.step = step, .steps = steps});
  losses.total.backward();
  optimiser.step(0.3);
  optimiser.zero_gradients();
  finish(made, step);
  return losses.total.item<double>();
}

/// Trains on new clips in each step. @returns the losses.
std::vector<double> train(KMeans& made, std::int64_t steps) {
  kit::AdamW optimiser(made.parameters());
  std::vector<double> losses;
  for (std::int64_t step = 0; step < steps; ++step)
    losses.push_back(take_step(made, optimiser,
                               clips_of_clouds(usual_lengths, static_cast<std::uint64_t>(step) + 1),
                               step, steps));
  return losses;
}

at::Tensor centroids(const KMeans& made) {
  return made.state().tensors.at("centroids").clone();
}

/// Enough frames that some are from each cloud.
const Given many_frames = {{"init_frames", std::int64_t{60}}};

TEST(KMeans, finds_the_clouds_that_its_frames_are_in) {
  auto made = learner(many_frames);
  const auto losses = train(made, 30);
  EXPECT_NEAR(losses.back(), cloud_dim * 0.25, 0.15);  // the variance within a cloud
  const auto places = std::get<0>(centroids(made).select(1, 0).sort());
  for (std::int64_t c = 0; c < cloud_count; ++c)
    EXPECT_NEAR(places[c].item<double>(), 10 * static_cast<double>(c), 0.3);
}

TEST(KMeans, k_means_plus_plus_starts_better_than_an_even_draw) {
  double apart = 0, evenly = 0;
  for (std::int64_t seed = 0; seed < 5; ++seed) {
    auto given = many_frames;
    given["seed"] = seed;
    auto one = learner(given);
    apart += train(one, 30).back();
    given["init"] = std::string("random");
    auto other = learner(given);
    evenly += train(other, 30).back();
  }
  EXPECT_LT(apart, 0.5 * evenly);
}

TEST(KMeans, codes_are_the_nearest_centroids_and_features_these_centroids) {
  const TemporaryFolder folder;
  const auto points =
      at::tensor({0.F, 0.F, 0.F, 10.F, 0.F, 0.F, 0.F, 9.F, 0.F}).view({3, cloud_dim});
  auto made = make_clusters(from_file(folder / "c.safetensors", points));
  const auto clips = clips_of_clouds({7, 12}, 1);
  connect(made, clips);
  EXPECT_EQ(made.code_spec(), (CodeSpec{.frame_rate = 50, .first_frame = 0.01, .sizes = {3}}));
  EXPECT_EQ(made.spec(), clips.spec);
  EXPECT_EQ(made.parameter_count(), 9);
  const SourceBatch source = clips;
  const auto codes = made.read_codes({&source, 1});
  codes.check();
  const auto features = made.read({&source, 1});
  features.check();
  const auto distances =
      (clips.values.unsqueeze(2) - points.view({1, 1, 3, cloud_dim})).square().sum(3).argmin(2);
  for (std::int64_t b = 0; b < 2; ++b) {
    const auto length = clips.lengths[b].item<std::int64_t>();
    EXPECT_TRUE(
        at::equal(codes.codes[b][0].narrow(0, 0, length), distances[b].narrow(0, 0, length)));
    EXPECT_TRUE(at::equal(features.values[b].narrow(0, 0, length),
                          points.index_select(0, distances[b].narrow(0, 0, length))));
  }
  EXPECT_EQ(codes.codes[0][0].narrow(0, 7, 5).abs().max().item<std::int64_t>(), 0);
  EXPECT_EQ(features.values[0].narrow(0, 7, 5).abs().max().item<double>(), 0);
  EXPECT_TRUE(at::equal(made.embed(codes).values, features.values));
}

TEST(KMeans, one_vector_per_clip_gets_one_code) {
  auto clips = random_features({1, 1, 1}, cloud_dim);
  clips.spec.frame_rate = 0;
  auto made = make_clusters({{"k", std::int64_t{2}}});
  connect(made, clips);
  const SourceBatch source = clips;
  const auto codes = made.read_codes({&source, 1});
  codes.check();
  EXPECT_EQ(codes.codes.sizes(), at::IntArrayRef({3, 1, 1}));
  EXPECT_EQ(codes.spec.frame_rate, 0);
}

/// The frames' own offset does not swallow the distances between centroids.
TEST(KMeans, tells_near_frames_apart_far_from_the_origin) {
  const TemporaryFolder folder;
  const auto points = at::tensor({0.F, 0.F, 0.F, 0.25F, 0.F, 0.F}).view({2, cloud_dim}) + 4000;
  auto made = make_clusters(from_file(folder / "c.safetensors", points));
  const FeatureBatch clips{.values = (points + 0.0625).unsqueeze(0),
                           .lengths = at::tensor({std::int64_t{2}}),
                           .spec = {.frame_rate = 50, .dim = cloud_dim}};
  connect(made, clips);
  const SourceBatch source = clips;
  EXPECT_TRUE(at::equal(made.read_codes({&source, 1}).codes.flatten(),
                        at::tensor({std::int64_t{0}, std::int64_t{1}})));
}

TEST(KMeans, the_loss_is_its_objective_with_the_gradient_of_it) {
  const c10::AutoGradMode grad(true);
  auto made = learner();
  const auto clips = clips_of_clouds({30}, 1);
  const auto losses = made.loss({.sources = {clips}}, {});
  EXPECT_EQ(losses.weight, 30);
  losses.total.backward();
  const auto c = made.parameters().front().second.detach();
  const auto distances = (clips.values[0].unsqueeze(1) - c.unsqueeze(0)).square().sum(2);
  const auto [least, code] = distances.min(1);
  EXPECT_NEAR(losses.total.item<double>(), least.mean().item<double>(), 1e-3);
  const auto chosen = at::one_hot(code, cloud_count).to(at::kFloat);
  const auto gradient =
      2 * (chosen.sum(0).unsqueeze(1) * c - at::mm(chosen.t(), clips.values[0])) / 30;
  EXPECT_TRUE(at::allclose(made.parameters().front().second.grad(), gradient, 1e-4, 1e-4));
  ASSERT_EQ(losses.parts.size(), 3);
  EXPECT_EQ(losses.parts[0].first, "inertia");
  EXPECT_EQ(losses.parts[1].first, "usage");
  EXPECT_NEAR(losses.parts[1].second.item<double>(),
              (chosen.sum(0) > 0).to(at::kFloat).mean().item<double>(), 1e-6);
  EXPECT_EQ(losses.parts[2].first, "perplexity");
  const auto shares = chosen.mean(0).to(at::kDouble);
  EXPECT_NEAR(losses.parts[2].second.item<double>(),
              (-at::xlogy(shares, shares).sum()).exp().item<double>(), 1e-4);
}

TEST(KMeans, the_optimiser_has_no_say) {
  auto with = learner(), without = learner();
  train(with, 8);
  const at::NoGradGuard no_grad;
  for (std::int64_t step = 0; step < 8; ++step) {
    const auto clips = clips_of_clouds(usual_lengths, static_cast<std::uint64_t>(step) + 1);
    without.loss({.sources = {clips}}, {.step = step, .steps = 8});
    finish(without, step);
  }
  EXPECT_TRUE(at::equal(centroids(with), centroids(without)));
}

/// One of the clips of a batch.
FeatureBatch clip_of(const FeatureBatch& clips, std::int64_t b) {
  const auto length = clips.lengths[b].item<std::int64_t>();
  return {.values = clips.values.narrow(0, b, 1).narrow(1, 0, length),
          .lengths = clips.lengths.narrow(0, b, 1),
          .spec = clips.spec};
}

/// From initialisation over updates to revival, whose centroids are far from all frames.
TEST(KMeans, processes_that_share_a_step_agree_with_one_that_has_all_clips) {
  const TemporaryFolder folder;
  auto far = at::full({cloud_count, cloud_dim}, 1000.F);
  far[0].zero_();
  for (const auto& given :
       {Given{}, Given{{"weights", from_file(folder / "far.safetensors", far).at("weights")},
                       {"revive", 2.0}}}) {
    auto alone = learner(given), first = learner(given), second = learner(given);
    const at::NoGradGuard no_grad;
    for (std::int64_t step = 0; step < 12; ++step) {
      const Turn turn{.step = step, .steps = 12};
      const auto clips = clips_of_clouds(usual_lengths, static_cast<std::uint64_t>(step) + 1);
      alone.loss({.sources = {clips}}, turn);
      for (std::int64_t b = 0; b < 4; ++b)
        (b < 3 ? first : second).loss({.sources = {clip_of(clips, b)}}, turn);
      // As the host does where processes share a step.
      const auto ours = first.step_sums(), theirs = second.step_sums();
      for (std::size_t i = 0; i < ours.size(); ++i) {
        ours[i].add_(theirs[i]);
        theirs[i].copy_(ours[i]);
      }
      for (auto* made : {&alone, &first, &second})
        finish(*made, step);
      EXPECT_TRUE(at::equal(centroids(first), centroids(second))) << step;
      EXPECT_TRUE(at::allclose(centroids(alone), centroids(first), 1e-6, 1e-6)) << step;
    }
    EXPECT_LT(centroids(alone).abs().max().item<double>(), 60);
  }
}

TEST(KMeans, centroids_that_are_never_chosen_move_to_frames_that_are_far_from_all_others) {
  const TemporaryFolder folder;
  auto start = at::full({cloud_count, cloud_dim}, 1000.F);
  start[0].zero_();
  const auto weights = from_file(folder / "far.safetensors", start);
  auto revived = learner({{"weights", weights.at("weights")}, {"revive", 2.0}});
  auto stuck = learner({{"weights", weights.at("weights")}, {"revive", 0.0}});
  const auto before = train(stuck, 12).back(), after = train(revived, 12).back();
  EXPECT_LT(after, 0.2 * before);
  EXPECT_EQ(centroids(stuck)[5][0].item<float>(), 1000);
  const at::NoGradGuard no_grad;
  const auto losses = revived.loss({.sources = {clips_of_clouds(usual_lengths, 50)}}, {});
  EXPECT_GT(losses.parts.at(1).second.item<double>(), 0.7);  // usage: it was 1 of 6
}

TEST(KMeans, a_state_restores_training_bit_for_bit_at_any_step) {
  const TemporaryFolder folder;
  const Given given = {{"init_frames", std::int64_t{120}}, {"revive", 0.5}};
  for (const std::int64_t stop : {0, 1, 2, 4, 8}) {
    auto undisturbed = learner(given);
    kit::AdamW optimiser(undisturbed.parameters());
    const auto clips = [](std::int64_t step) {
      return clips_of_clouds(usual_lengths, static_cast<std::uint64_t>(step) + 1);
    };
    for (std::int64_t step = 0; step < stop; ++step)
      take_step(undisturbed, optimiser, clips(step), step, 12);
    auto resumed = learner(given);
    resumed.load_state(kit::clone(undisturbed.state()));
    kit::AdamW other(resumed.parameters());
    for (std::int64_t step = stop; step < 12; ++step)
      EXPECT_EQ(take_step(undisturbed, optimiser, clips(step), step, 12),
                take_step(resumed, other, clips(step), step, 12))
          << stop << " " << step;
    EXPECT_TRUE(at::equal(centroids(undisturbed), centroids(resumed)));
  }
}

TEST(KMeans, a_trained_state_or_exported_weights_give_another_object_the_same_codes) {
  auto trained = learner();
  train(trained, 10);
  trained.train(false);
  auto made = make_clusters({{"k", cloud_count}});
  const auto clips = clips_of_clouds(usual_lengths, 77);
  connect(made, clips);
  made.prepare({.goal = Objective::Goal::reconstruction});
  made.load_state(kit::clone(trained.state()));
  const SourceBatch source = clips;
  EXPECT_TRUE(
      at::equal(trained.read_codes({&source, 1}).codes, made.read_codes({&source, 1}).codes));
  const TemporaryFolder folder;
  auto loaded = make_clusters(
      {{"weights", exported_weights(trained, folder / "exported")}, {"k", cloud_count}});
  connect(loaded, clips);
  EXPECT_TRUE(
      at::equal(trained.read_codes({&source, 1}).codes, loaded.read_codes({&source, 1}).codes));
  EXPECT_TRUE(at::equal(read(trained, clips).values, read(loaded, clips).values));
}

TEST(KMeans, validation_changes_neither_state_nor_sums) {
  auto made = learner();
  train(made, 6);
  const auto before = kit::clone(made.state());
  made.train(false);
  const at::NoGradGuard no_grad;
  made.loss({.sources = {clips_of_clouds(usual_lengths, 9)}}, {.step = 6, .steps = 100});
  for (const auto& sum : made.step_sums())
    EXPECT_EQ(sum.abs().max().item<double>(), 0);
  for (const auto& [name, tensor] : made.state().tensors)
    EXPECT_TRUE(at::equal(tensor, before.tensors.at(name))) << name;
  EXPECT_EQ(made.state().text, before.text);
}

TEST(KMeans, the_parts_of_a_step_add_up) {
  auto whole = learner(), parts = learner();
  const at::NoGradGuard no_grad;
  for (std::int64_t step = 0; step < 8; ++step) {
    const auto clips = clips_of_clouds(usual_lengths, static_cast<std::uint64_t>(step) + 1);
    whole.loss({.sources = {clips}}, {.step = step, .steps = 8});
    for (std::int64_t b = 0; b < 4; ++b)
      parts.loss({.sources = {clip_of(clips, b)}}, {.step = step, .steps = 8, .part = b});
    finish(whole, step);
    finish(parts, step);
  }
  EXPECT_TRUE(at::allclose(centroids(whole), centroids(parts), 1e-6, 1e-6));
}

TEST(KMeans, too_few_frames_for_its_clusters_are_an_error_at_the_end_of_training) {
  auto made = learner({{"k", std::int64_t{5000}}});
  EXPECT_THAT(refusal<ConfigError>([&] { train(made, 3); }), HasSubstr("Lower k"));
}

TEST(KMeans, silence_alone_makes_clusters_of_silence) {
  auto made = learner();
  kit::AdamW optimiser(made.parameters());
  auto clips = clips_of_clouds(usual_lengths, 1);
  clips.values.zero_();
  double last = 1;
  for (std::int64_t step = 0; step < 12; ++step)
    last = take_step(made, optimiser, clips, step, 12);
  EXPECT_EQ(last, 0);
  EXPECT_TRUE(at::isfinite(centroids(made)).all().item<bool>());
}

TEST(KMeans, what_does_not_fit_is_refused) {
  const TemporaryFolder folder;
  const auto given = from_file(folder / "c.safetensors", at::ones({4, cloud_dim}));
  const auto clips = clips_of_clouds({5}, 1);
  auto other_k = given;
  other_k["k"] = std::int64_t{5};
  EXPECT_THAT(refusal<ConfigError>([&] {
                auto made = make_clusters(other_k);
                connect(made, clips);
              }),
              HasSubstr("the weights have 4 centroids"));
  EXPECT_THAT(refusal<ConfigError>([&] {
                auto made = make_clusters(given);
                connect(made, random_features({5}, cloud_dim + 1));
              }),
              HasSubstr("width 3"));
  EXPECT_THAT(refusal<ConfigError>([&] {
                make_clusters({{"k", std::int64_t{9}}, {"init_frames", std::int64_t{8}}});
              }),
              HasSubstr("at least 9"));
  EXPECT_THAT(refusal<ConfigError>([&] {
                auto made = make_clusters();
                connect(made, random_codes({5}, 2, 16));
              }),
              HasSubstr("does not give features"));
  const auto file = folder / "other.safetensors";
  kit::save_safetensors(file, {{"weight", at::ones({2, 2})}});
  EXPECT_THAT(refusal<DataError>([&] {
                auto made = make_clusters({{"weights", Weights{.source = "x", .path = file}}});
                connect(made, clips);
              }),
              HasSubstr("no tensor 'centroids'"));
  auto made = make_clusters();
  connect(made, clips);
  EXPECT_THAT(refusal<Unsupported>([&] {
                made.prepare({.goal = Objective::Goal::classes, .classes = {"a", "b"}});
              }),
              HasSubstr("reconstruct"));
  EXPECT_THAT(refusal<Unsupported>([&] { made.encode({}); }), HasSubstr("takes no audio"));
  EXPECT_THAT(refusal<Unsupported>([&] { made.decode({}); }), HasSubstr("no audio"));
  EXPECT_THAT(refusal<DataError>([&] { made.load_state({}); }), HasSubstr("lacks"));
  EXPECT_THAT(refusal<ContractError>([&] { read(made, random_features({5}, cloud_dim + 1)); }),
              HasSubstr("connect()"));
}

}  // namespace
