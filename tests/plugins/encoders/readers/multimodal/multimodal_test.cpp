#include "encoders/multimodal/multimodal.hpp"

#include <map>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/optimiser.hpp>

#include "exported_weights.hpp"
#include "sources.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using multimodal::Multimodal;
using ::testing::HasSubstr;
using Given = std::map<std::string, OptionValue>;
using Goal = Objective::Goal;
using Sources = std::vector<SourceBatch>;

constexpr std::int64_t frame_values = 3 * 9 * 16;  // of the small preset
constexpr std::int64_t text_width = 10;

FeatureBatch one_vector(std::int64_t clips, std::int64_t dim, std::uint64_t seed) {
  auto batch =
      random_features(std::vector<std::int64_t>(static_cast<std::size_t>(clips), 1), dim, seed);
  batch.spec.frame_rate = batch.spec.first_frame = 0;
  return batch;
}

/// Frames, codes and texts of as many clips as there are lengths, which are those of the codes.
Sources sources_of(const std::vector<std::int64_t>& lengths) {
  const auto clips = std::ssize(lengths);
  return {one_vector(clips, frame_values, 1), random_codes(lengths, 2, 8, 7),
          one_vector(clips, text_width, 100)};
}

std::vector<SourceSpec> specs_of(const Sources& sources) {
  std::vector<SourceSpec> specs;
  for (const auto& source : sources)
    std::visit([&](const auto& batch) { specs.emplace_back(batch.spec); }, source);
  return specs;
}

/// Of the small preset unless there are weights, connected.
Multimodal fusion_of(const Sources& sources, Given given = {}) {
  if (!given.contains("weights")) given.emplace("preset", std::string("small"));
  Multimodal made(Options(Multimodal::options(), given), Context{.device = at::kCPU});
  made.connect(specs_of(sources));
  return made;
}

/// Rows `first` and following of each source, with codes cut to the longest of these.
Sources part_of(const Sources& sources, std::int64_t first, std::int64_t count) {
  Sources part;
  for (const auto& source : sources)
    if (const auto* codes = std::get_if<CodeBatch>(&source)) {
      const auto lengths = codes->lengths.narrow(0, first, count);
      part.push_back(CodeBatch{
          .codes =
              codes->codes.narrow(0, first, count).narrow(2, 0, lengths.max().item<std::int64_t>()),
          .lengths = lengths,
          .spec = codes->spec});
    } else {
      const auto& features = std::get<FeatureBatch>(source);
      part.push_back(FeatureBatch{.values = features.values.narrow(0, first, count),
                                  .lengths = features.lengths.narrow(0, first, count),
                                  .spec = features.spec});
    }
  return part;
}

/// Steps of AdamW on one batch. @returns the losses
std::vector<double> teach(Multimodal& learner, const LearnerBatch& batch, std::int64_t first,
                          std::int64_t steps, kit::AdamW& optimiser) {
  std::vector<double> losses;
  learner.train(true);
  for (std::int64_t step = first; step < first + steps; ++step) {
    const c10::AutoGradMode grad(true);
    at::manual_seed(static_cast<std::uint64_t>(step));
    const auto total = learner.loss(batch, {.step = step, .steps = 100}).total;
    total.backward();
    optimiser.step(3e-3);
    optimiser.zero_gradients();
    losses.push_back(total.item<double>());
  }
  learner.train(false);
  return losses;
}

const Objective vectors_of_5 = {.goal = Goal::values, .values = 5};
const Objective two_classes = {.goal = Goal::classes, .classes = {"a", "b"}};

at::Tensor voxels_of(std::int64_t clips) {
  return one_vector(clips, 5, 55).values.squeeze(1);
}

/// Number of trained values by the first part of their names.
std::map<std::string, std::int64_t> counts_of(const kit::Parameters& parameters) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [name, tensor] : parameters.tensors())
    if (!kit::BatchNorm::is_statistic(name))
      counts[name.substr(0, name.find('.'))] += tensor.numel();
  return counts;
}

TEST(Multimodal, has_as_many_parameters_as_published_part_by_part) {
  const std::map<std::string, std::int64_t> for_codes{{"video_encoder", 16'119'040},
                                                      {"audio_encoder", 1'214'592},
                                                      {"text_encoder", 657'664},
                                                      {"feature_conv", 2'363'904},
                                                      {"layer5", 6'303'744},
                                                      {"layer6", 32'792'000},
                                                      {"layer7_bottleneck", 16'390'144},
                                                      {"bottleneck_to_voxels", 1'439'600'434}};
  for (const bool mel : {false, true}) {
    multimodal::Sizes sizes;
    if (mel) sizes.audio.input = kit::CodeNetworkSizes::Input::features, sizes.audio.width = 64;
    kit::Parameters parameters{c10::Device(c10::kMeta)};  // without memory
    const multimodal::Model model(sizes, parameters);
    const multimodal::VoxelHead head(sizes, 85'810, parameters);
    auto expected = for_codes;
    if (mel) expected["audio_encoder"] = 2'082'368;
    EXPECT_EQ(counts_of(parameters), expected);
  }
}

TEST(Multimodal, fuses_frames_codes_and_texts_to_one_vector_for_each_clip) {
  const auto sources = sources_of({20, 31, 25});
  auto fusion = fusion_of(sources);
  EXPECT_EQ(fusion.reads(), (std::vector{Reads::features, Reads::codes, Reads::features}));
  EXPECT_EQ(fusion.spec(), (FeatureSpec{.dim = 24}));
  const auto features = fusion.read(sources);
  features.check();
  EXPECT_EQ(features.values.sizes(), at::IntArrayRef({3, 1, 24}));
  EXPECT_TRUE(at::isfinite(features.values).all().item<bool>());
  for (std::size_t changed = 0; changed < 3; ++changed) {
    auto others = sources;
    others[changed] = sources_of({31, 20, 25})[changed];
    if (changed != 1)
      std::get<FeatureBatch>(others[changed]).values =
          std::get<FeatureBatch>(sources[changed]).values.flip(0);
    EXPECT_FALSE(at::equal(fusion.read(others).values, features.values)) << changed;
  }
}

TEST(Multimodal, takes_the_mean_over_the_frames_of_a_clip_for_video_and_text) {
  auto sources = sources_of({20, 31});
  auto once = sources;
  for (const std::size_t number : {0, 2}) {
    auto frames = random_features({4, 7}, number == 0 ? frame_values : text_width, 9);
    auto& mean = std::get<FeatureBatch>(once[number]);
    mean.values[0][0] = frames.values[0].narrow(0, 0, 4).mean(0);
    mean.values[1][0] = frames.values[1].mean(0);
    sources[number] = frames;
  }
  auto fusion = fusion_of(sources), of_means = fusion_of(once);
  EXPECT_TRUE(at::allclose(fusion.read(sources).values, of_means.read(once).values, 1e-4, 1e-5));
  auto noisy = sources;  // behind the end of the first clip
  auto& video = std::get<FeatureBatch>(noisy[0]);
  video.values = video.values.clone();
  video.values[0].narrow(0, 4, 3).fill_(9);
  EXPECT_TRUE(at::equal(fusion.read(noisy).values, fusion.read(sources).values));
}

TEST(Multimodal, gives_a_clip_the_same_vector_alone_and_beside_others) {
  const auto sources = sources_of({33, 80, 1});
  auto fusion = fusion_of(sources);
  const auto together = fusion.read(sources).values;
  for (std::int64_t b = 0; b < 3; ++b)
    EXPECT_TRUE(
        at::allclose(fusion.read(part_of(sources, b, 1)).values[0], together[b], 1e-5, 1e-6))
        << b;
}

TEST(Multimodal, leaves_out_the_branches_of_modalities_that_it_does_not_read) {
  const auto all = sources_of({20, 31});
  using Names = std::vector<std::string>;
  auto audio = fusion_of({all[1]}, {{"modalities", Names{"audio"}}});
  EXPECT_EQ(audio.reads(), std::vector{Reads::codes});
  EXPECT_EQ(audio.read(Sources{all[1]}).values.size(2), 24);
  const Given seen_and_written{{"modalities", Names{"video", "text"}}};
  auto two = fusion_of({all[0], all[2]}, seen_and_written);
  for (const auto& [name, parameter] : two.parameters())
    EXPECT_FALSE(name.starts_with("audio_encoder")) << name;
  auto mel = fusion_of({random_features({20, 31}, 6)},
                       {{"modalities", Names{"audio"}}, {"audio_input", std::string("features")}});
  EXPECT_EQ(mel.reads(), std::vector{Reads::features});
}

TEST(Multimodal, learns_a_vector_through_the_voxel_head_and_predicts_it) {
  const TemporaryFolder folder;
  const auto sources = sources_of({20, 31, 25, 40, 22, 18});
  auto fusion = fusion_of(sources);
  const auto encoder_alone = fusion.parameter_count();
  fusion.prepare(vectors_of_5);
  EXPECT_EQ(fusion.parameter_count(), encoder_alone) << "features are the bottleneck";
  const LearnerBatch batch{.sources = sources, .targets = voxels_of(6)};
  kit::AdamW optimiser(fusion.parameters());
  const auto losses = teach(fusion, batch, 0, 120, optimiser);
  EXPECT_LT(losses.back(), 0.2 * losses.front());
  const at::NoGradGuard no_grad;
  const auto validated = fusion.loss(batch, {});
  EXPECT_EQ(validated.parts.at(0).first, "squared_error");
  EXPECT_EQ(validated.weight, 6);

  const auto weights = exported_weights(fusion, folder / "exported");
  const Given of_weights{
      {"weights", weights}, {"video_height", std::int64_t{9}}, {"video_width", std::int64_t{16}}};
  auto bottleneck = fusion_of(sources, of_weights);
  EXPECT_TRUE(at::equal(bottleneck.read(sources).values, fusion.read(sources).values));
  auto predicting = of_weights;
  predicting["features"] = std::string("voxels");
  auto voxels = fusion_of(sources, predicting);
  EXPECT_EQ(voxels.spec().dim, 5);
  EXPECT_GT(voxels.parameter_count(), encoder_alone);
  const auto predicted = voxels.read(sources).values.squeeze(1);
  EXPECT_NEAR((predicted - batch.targets).square().mean().item<double>(),
              validated.total.item<double>(), 1e-6);
}

TEST(Multimodal, learns_classes_and_from_a_teacher_through_a_layer_on_the_bottleneck) {
  const auto sources = sources_of({20, 31, 25, 40});
  auto fusion = fusion_of(sources);
  fusion.prepare(two_classes);
  const auto classes = at::tensor({1.F, 0.F, 0.F, 1.F, 1.F, 0.F, 0.F, 1.F}).view({4, 2});
  kit::AdamW optimiser(fusion.parameters());
  const auto losses = teach(fusion, {.sources = sources, .targets = classes}, 0, 60, optimiser);
  EXPECT_LT(losses.back(), 0.5 * losses.front());
  for (const auto& [name, parameter] : fusion.parameters())
    EXPECT_FALSE(name.starts_with("bottleneck_to_voxels")) << name;

  auto pupil = fusion_of(sources);
  const auto taught = one_vector(4, 3, 77);
  pupil.prepare({.goal = Goal::teacher, .teacher = taught.spec});
  kit::AdamW steps(pupil.parameters());
  const auto errors = teach(pupil, {.sources = sources, .teacher = taught}, 0, 60, steps);
  EXPECT_LT(errors.back(), 0.5 * errors.front());
}

TEST(Multimodal, gets_a_gradient_to_every_parameter_of_all_layers) {
  const auto sources = sources_of({20, 31, 25, 40});
  auto fusion = fusion_of(sources, {{"dropout", 0.0}, {"deep_dropout", 0.0}});
  fusion.prepare(vectors_of_5);
  fusion.train(true);
  const c10::AutoGradMode grad(true);
  fusion.loss({.sources = sources, .targets = voxels_of(4)}, {}).total.backward();
  for (const auto& [name, parameter] : fusion.parameters()) {
    ASSERT_TRUE(parameter.grad().defined()) << name;
    EXPECT_TRUE(at::isfinite(parameter.grad()).all().item<bool>()) << name;
    // Only rounding moves a bias in front of a batch norm.
    const bool may_be_none = name.ends_with(".bias");
    if (!may_be_none) {
      EXPECT_GT(parameter.grad().abs().max().item<double>(), 0) << name;
    }
  }
}

TEST(Multimodal, a_state_restores_training_bit_for_bit) {
  const auto sources = sources_of({20, 33, 20});
  const LearnerBatch batch{.sources = sources, .targets = voxels_of(3)};
  auto undisturbed = fusion_of(sources), resumed = fusion_of(sources);
  undisturbed.prepare(vectors_of_5);
  resumed.prepare(vectors_of_5);
  kit::AdamW first(undisturbed.parameters()), second(resumed.parameters());
  teach(undisturbed, batch, 0, 3, first);
  State optimiser;
  first.save(optimiser, "");
  second.load(optimiser, "");
  resumed.load_state(undisturbed.state());
  EXPECT_EQ(teach(undisturbed, batch, 3, 3, first), teach(resumed, batch, 3, 3, second));
  EXPECT_TRUE(at::equal(undisturbed.read(sources).values, resumed.read(sources).values));
}

TEST(Multimodal, goes_on_learning_from_the_voxel_head_of_its_weights) {
  const TemporaryFolder folder;
  const auto sources = sources_of({20, 33, 20});
  auto taught = fusion_of(sources);
  taught.prepare(vectors_of_5);
  kit::AdamW optimiser(taught.parameters());
  const LearnerBatch batch{.sources = sources, .targets = voxels_of(3)};
  teach(taught, batch, 0, 5, optimiser);
  auto loaded = fusion_of(sources, {{"weights", exported_weights(taught, folder / "exported")},
                                    {"video_height", std::int64_t{9}},
                                    {"video_width", std::int64_t{16}}});
  loaded.prepare(vectors_of_5);
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(at::equal(loaded.loss(batch, {}).total, taught.loss(batch, {}).total));
}

TEST(Multimodal, weights_have_sizes_of_their_own) {
  const TemporaryFolder folder;
  const auto sources = sources_of({20, 33});
  auto made = fusion_of(sources);
  made.prepare(vectors_of_5);
  const Given weights{{"weights", exported_weights(made, folder / "exported")},
                      {"video_height", std::int64_t{9}},
                      {"video_width", std::int64_t{16}}};
  const auto refused = [&](const Given& more, const Sources& given) {
    auto all = weights;
    for (const auto& [name, value] : more)
      all[name] = value;
    return refusal<ConfigError>([&] { fusion_of(given, all); });
  };
  EXPECT_THAT(refused({{"layer5", std::int64_t{7}}}, sources), HasSubstr("the checkpoint has 48"));
  EXPECT_THAT(refused({{"preset", std::string("small")}}, sources), HasSubstr("omit preset"));
  EXPECT_THAT(refused({{"features", std::string("voxels")}, {"voxels", std::int64_t{6}}}, sources),
              HasSubstr("voxels is 6; the checkpoint has 5"));
  EXPECT_THAT(refused({{"modalities", std::vector<std::string>{"video"}}}, {sources[0]}),
              HasSubstr("the checkpoint has video, audio, text"));
  EXPECT_THAT(refused({{"video_filters", std::vector<double>{4}}}, sources),
              HasSubstr("Omit video_filters"));
  auto wider = sources;
  wider[2] = one_vector(2, text_width + 1, 3);
  EXPECT_THAT(refused({}, wider), HasSubstr("the checkpoint was trained on 10"));
  auto larger = sources;
  larger[0] = one_vector(2, 3 * 18 * 16, 3);
  EXPECT_THAT(refused({{"video_height", std::int64_t{18}}}, larger),
              HasSubstr("leave 32 values after the convolutions; the checkpoint takes 16"));
  kit::save_safetensors(folder / "other.safetensors", {{"weight", at::ones({2})}});
  auto other = weights;
  other["weights"] = Weights{.source = "other", .path = folder / "other.safetensors"};
  EXPECT_THAT(refusal<DataError>([&] { fusion_of(sources, other); }),
              HasSubstr("expected a checkpoint of multimodal"));
}

TEST(Multimodal, sources_that_it_cannot_read_are_refused) {
  const auto sources = sources_of({20, 33});
  const auto refused = [&](const Given& given, const Sources& read) {
    return refusal<ConfigError>([&] { fusion_of(read, given); });
  };
  EXPECT_THAT(refused({{"video_height", std::int64_t{10}}}, sources),
              HasSubstr("width 432; expected 480, 3 channels of 10 x 16 pixels"));
  EXPECT_THAT(refused({}, {sources[0], sources[1]}),
              HasSubstr("given 2 sources; expected 3: video, audio, text"));
  EXPECT_THAT(refused({}, {sources[0], sources[2], sources[1]}), HasSubstr("does not give"));
  EXPECT_THAT(refused({{"audio_levels", std::int64_t{3}}}, sources),
              HasSubstr("audio_levels is 3; allowed: up to 2"));
  using Names = std::vector<std::string>;
  for (const auto& names : {Names{"text", "video"}, Names{}, Names{"text", "text"}})
    EXPECT_THAT(refused({{"modalities", names}}, sources), HasSubstr("in this order"));
  EXPECT_THAT(refused({{"video_filters", std::vector<double>{4.5}}}, sources),
              HasSubstr("whole numbers"));
  auto fusion = fusion_of(sources);
  EXPECT_THAT(refusal<ContractError>([&] { fusion.read(Sources{sources[0]}); }),
              HasSubstr("1 sources; expected the 3 of connect()"));
  EXPECT_THAT(refusal<Unsupported>([&] { fusion.encode({}); }), HasSubstr("takes no audio"));
}

TEST(Multimodal, training_that_makes_no_sense_is_refused) {
  const auto sources = sources_of({20, 33});
  const Given voxels{{"features", std::string("voxels")}};
  EXPECT_THAT(refusal<ConfigError>([&] { fusion_of(sources, voxels); }),
              HasSubstr("Set voxels to the size of the label"));
  auto of_six = voxels;
  of_six["voxels"] = std::int64_t{6};
  auto fusion = fusion_of(sources, of_six);
  EXPECT_THAT(refusal<ConfigError>([&] { fusion.prepare(vectors_of_5); }),
              HasSubstr("the label has 5 values, and the encoder 6 voxels"));
  EXPECT_THAT(refusal<Unsupported>([&] { fusion.prepare(two_classes); }),
              HasSubstr("features to \"bottleneck\""));
  auto other = fusion_of(sources);
  EXPECT_THAT(refusal<Unsupported>([&] { other.prepare({.goal = Goal::masked}); }),
              HasSubstr("classes, values or from a teacher"));
  other.prepare(vectors_of_5);
  other.train(true);
  EXPECT_THAT(refusal<ConfigError>([&] {
                other.loss({.sources = part_of(sources, 0, 1), .targets = voxels_of(1)}, {});
              }),
              HasSubstr("Raise the batch size"));
}

}  // namespace
