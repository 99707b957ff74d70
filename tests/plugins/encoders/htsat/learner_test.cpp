#include <cmath>
#include <set>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/autocast.hpp>
#include <lib/learn/optimiser.hpp>

#include <earshot/kit/testing.hpp>

#include "encoders/htsat/htsat.hpp"
#include "exported_weights.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const Objective two_classes{.goal = Objective::Goal::classes, .classes = {"low", "high"}};

std::unique_ptr<htsat::Htsat> make_learner(const std::string& features,
                                           const std::string& preset = "tiny",
                                           const Weights& weights = {.source = "random"}) {
  const Options options(htsat::Htsat::options(), {{"weights", weights},
                                                  {"preset", preset},
                                                  {"features", features},
                                                  {"sample_rate", std::int64_t{16000}},
                                                  {"seconds", 1.0}});
  return std::make_unique<htsat::Htsat>(options, Context{.device = at::kCPU});
}

/// Tones of 400 Hz and of 4 kHz in turn, 4 clips of 1 s.
LearnerBatch tones() {
  constexpr std::int64_t clips = 4, samples = 16000;
  auto audio = at::zeros({clips, 1, samples}), targets = at::zeros({clips, 2});
  for (std::int64_t b = 0; b < clips; ++b) {
    const bool high = b % 2 == 1;
    const auto step = 6.283185307 * (high ? 4000 : 400) / 16000;
    const auto phase = at::arange(samples, at::kFloat) * step;
    audio[b][0].copy_((phase + static_cast<double>(b)).sin() * 0.3);
    targets[b][high ? 1 : 0] = 1;
  }
  return {.audio = {audio, at::full({clips}, samples, at::kLong), 16000},
          .sources = {},
          .targets = targets};
}

/// A step as a training loop takes it. Returns the loss.
double take_step(htsat::Htsat& encoder, const LearnerBatch& given, kit::AdamW& optimiser,
                 std::int64_t number, bool bf16 = false) {
  Losses losses;
  {
    const at::AutoGradMode grad(true);
    const kit::Autocast autocast(at::kCPU, bf16);
    losses = encoder.loss(given, {.step = number, .steps = 100});
  }
  losses.total.backward();
  optimiser.step(1e-2);
  optimiser.zero_gradients();
  encoder.step_sums();
  encoder.finish_step(number);
  return losses.total.item<double>();
}

TEST(HtsatLearner, learns_classes_with_every_kind_of_feature) {
  const at::NoGradGuard no_grad;
  const auto given = tones();
  for (const std::string features : {"frames_32", "pooled", "grid", "stage1", "posterior"}) {
    SCOPED_TRACE(features);
    at::manual_seed(1);
    const auto encoder = make_learner(features);
    encoder->prepare(two_classes);
    kit::AdamW optimiser(encoder->parameters());
    encoder->train(true);
    const bool bf16 = features == "grid";
    const auto first = take_step(*encoder, given, optimiser, 0, bf16);
    double last = first;
    for (std::int64_t n = 1; n < 6; ++n)
      last = take_step(*encoder, given, optimiser, n, bf16);
    EXPECT_NEAR(first, std::log(2), 0.4);
    EXPECT_LT(last, 0.7 * first);
  }
}

TEST(HtsatLearner, learns_to_give_back_its_picture) {
  const at::NoGradGuard no_grad;
  const auto given = tones();
  for (const std::string features : {"frames_32", "stage1", "grid"}) {
    SCOPED_TRACE(features);
    at::manual_seed(1);
    const auto encoder = make_learner(features);
    encoder->prepare({.goal = Objective::Goal::reconstruction});
    kit::AdamW optimiser(encoder->parameters());
    encoder->train(true);
    const auto first = take_step(*encoder, given, optimiser, 0);
    for (std::int64_t n = 1; n < 30; ++n)
      take_step(*encoder, given, optimiser, n);
    encoder->train(false);
    const auto losses = encoder->loss(given, {});
    EXPECT_EQ(losses.parts.at(0).first, "picture_error");
    EXPECT_NEAR(first, 1, 0.8) << "bands have a variance of 1";
    EXPECT_LT(losses.total.item<double>(), 0.5 * first);
    EXPECT_EQ(losses.weight, 4);
  }
  EXPECT_THAT([] { make_learner("posterior")->prepare({.goal = Objective::Goal::reconstruction}); },
              ThrowsMessage<Unsupported>(HasSubstr("not given back from class probabilities")));
}

// A square of the picture is predicted by the token of its place, row by row.
TEST(HtsatPictureDecoder, compares_each_token_with_its_square) {
  const at::NoGradGuard no_grad;
  const htsat::PictureDecoder decoder(/*width=*/1, /*side=*/2, at::kCPU);
  for (auto [name, parameter] : decoder.parameters())
    parameter.fill_(name == "decoder.weight" ? 1 : 0);
  // Two rows of three squares, each of one value.
  const auto squares = at::arange(6, at::kFloat).view({1, 1, 2, 3});
  const auto picture = at::kron(squares, at::ones({1, 1, 2, 2}));
  const auto tokens = squares.view({1, 6, 1});
  EXPECT_EQ(decoder.loss(tokens, picture).total.item<double>(), 0);
  EXPECT_NEAR(decoder.loss(tokens + 2, picture).total.item<double>(), 4, 1e-5);
}

TEST(HtsatLearner, has_a_gradient_for_every_parameter) {
  const at::NoGradGuard no_grad;
  const auto encoder = make_learner("pooled");
  encoder->prepare(two_classes);
  encoder->train(true);
  {
    const at::AutoGradMode grad(true);
    encoder->loss(tones(), {}).total.backward();
  }
  for (const auto& [name, parameter] : encoder->parameters()) {
    ASSERT_TRUE(parameter.grad().defined()) << name;
    EXPECT_GT(parameter.grad().abs().max().item<double>(), 0) << name;
  }
}

TEST(HtsatLearner, follows_the_gradient_of_its_position_biases) {
  const at::NoGradGuard no_grad;
  at::manual_seed(1);
  const auto encoder = make_learner("pooled");
  encoder->prepare(two_classes);
  encoder->train(true);
  const auto given = tones();
  const auto loss = [&] {
    const at::AutoGradMode grad(true);
    return encoder->loss(given, {}).total;
  };
  loss().backward();
  for (auto [name, table] : encoder->parameters()) {
    if (!name.ends_with("relative_position_bias_table")) continue;
    const auto gradient = table.grad().clone();
    const auto norm = gradient.norm().item<double>();
    const auto original = table.detach().clone();
    const double far = 0.3;
    const auto at = [&](double share) {
      table.copy_(original + gradient * (share / norm));
      return loss().detach().item<double>();
    };
    const auto slope = (at(far) - at(-far)) / (2 * far);
    table.copy_(original);
    EXPECT_NEAR(slope, norm, 0.1 * norm + 2e-6) << name;
  }
}

TEST(HtsatLearner, goes_on_from_its_state_with_the_same_bits_and_encodes_alike) {
  const at::NoGradGuard no_grad;
  const auto given = tones();
  at::manual_seed(1);
  const auto whole = make_learner("frames_32"), resumed = make_learner("frames_32");
  whole->prepare(two_classes);
  resumed->prepare(two_classes);
  kit::AdamW first(whole->parameters()), second(resumed->parameters());
  whole->train(true);
  for (std::int64_t n = 0; n < 2; ++n)
    take_step(*whole, given, first, n);
  resumed->load_state(kit::clone(whole->state()));
  State moments;
  first.save(moments, "");
  second.load(kit::clone(moments), "");
  resumed->train(true);
  EXPECT_EQ(take_step(*whole, given, first, 2), take_step(*resumed, given, second, 2));
  whole->train(false);
  resumed->train(false);
  EXPECT_TRUE(at::equal(whole->encode(given.audio).values, resumed->encode(given.audio).values));
  EXPECT_FALSE(at::equal(whole->encode(given.audio).values,
                         make_learner("frames_32")->encode(given.audio).values));
  auto other = whole->state();
  other.tensors.erase("bn0.running_mean");
  EXPECT_THAT([&] { resumed->load_state(other); },
              ThrowsMessage<DataError>(HasSubstr("bn0.running_mean")));
}

/// With the default of the option for an architecture, since weights have their own.
std::unique_ptr<htsat::Htsat> load_exported(const std::string& features, const Weights& weights) {
  return make_learner(features, "msclap", weights);
}

TEST(HtsatLearner, exports_weights_that_give_the_same_features) {
  const at::NoGradGuard no_grad;
  const auto given = tones();
  const earshot::testing::TemporaryFolder folder;
  for (const std::string features : {"frames_32", "pooled", "grid", "stage1", "posterior"}) {
    SCOPED_TRACE(features);
    at::manual_seed(1);
    const auto trained = make_learner(features);
    trained->prepare(two_classes);
    kit::AdamW optimiser(trained->parameters());
    trained->train(true);
    for (std::int64_t n = 0; n < 2; ++n)
      take_step(*trained, given, optimiser, n);
    trained->train(false);
    const auto loaded =
        load_exported(features, earshot::testing::exported_weights(*trained, folder / features));
    EXPECT_TRUE(at::equal(trained->encode(given.audio).values, loaded->encode(given.audio).values));
    EXPECT_FALSE(at::equal(trained->encode(given.audio).values,
                           make_learner(features)->encode(given.audio).values));
  }
}

TEST(HtsatLearner, exports_the_mel_filters_and_the_size_of_the_picture_of_its_checkpoint) {
  const at::NoGradGuard no_grad;
  const auto given = tones();
  const earshot::testing::TemporaryFolder folder;
  const auto usual = make_learner("frames_32");
  const auto checkpoint = earshot::testing::exported_weights(*usual, folder / "checkpoint");
  auto tensors = usual->export_weights().tensors;
  const std::string filters = "audio_encoder.base.htsat.logmel_extractor.melW";
  EXPECT_EQ(tensors.count(filters), 0u);
  at::manual_seed(1);
  tensors[filters] = at::rand({513, 64});
  kit::save_safetensors(checkpoint.path / "model.safetensors", tensors);
  earshot::testing::write(checkpoint.path / "config.json", R"({"spec_size": 512})");

  const auto trained = load_exported("frames_32", checkpoint);
  // 512 x 512 points in rows of 64 mel bands: 4096 frames, of which 32 make one.
  EXPECT_EQ(trained->encode(given.audio).values.size(1), 128);
  trained->prepare(two_classes);
  const auto exported = earshot::testing::exported_weights(*trained, folder / "exported");
  EXPECT_TRUE(at::equal(trained->export_weights().tensors.at(filters), tensors.at(filters)));
  const auto loaded = load_exported("frames_32", exported);
  EXPECT_TRUE(at::equal(trained->encode(given.audio).values, loaded->encode(given.audio).values));
}

TEST(HtsatLearner, learns_the_statistics_of_its_mel_bands_from_all_parts_of_a_step) {
  const at::NoGradGuard no_grad;
  const auto encoder = make_learner("stage0");
  encoder->prepare(two_classes);
  encoder->train(true);
  const auto given = tones();
  auto front_end = htsat::preset("tiny").front_end;
  front_end.max_samples = 16000;
  const kit::ClapFrontEnd mels(front_end);
  std::vector<at::Tensor> frames;
  for (std::int64_t b = 0; b < 4; ++b) {
    const auto clip = given.audio.samples[b][0].contiguous();
    frames.push_back(mels({clip.const_data_ptr<float>(), 16000}).mels.flatten(0, 1));
    LearnerBatch one;
    one.audio.samples = given.audio.samples.narrow(0, b, 1);
    one.audio.lengths = given.audio.lengths.narrow(0, b, 1);
    one.audio.sample_rate = 16000;
    one.targets = given.targets.narrow(0, b, 1);
    encoder->loss(one, {.steps = 1, .part = b, .parts = 4});
  }
  encoder->finish_step(0);
  const auto all = at::cat(frames).to(at::kDouble);
  const auto state = kit::clone(encoder->state());
  const auto error = [&](const char* name, const at::Tensor& expected) {
    return (state.tensors.at(name) - expected).abs().max().item<double>();
  };
  EXPECT_LE(error("bn0.running_mean", 0.1 * all.mean(0)), 1e-4);
  EXPECT_LE(error("bn0.running_var", 0.9 + 0.1 * all.var(0)), 1e-2);
  EXPECT_EQ(encoder->step_sums()[0].abs().max().item<double>(), 0);

  encoder->train(false);
  encoder->loss(given, {});
  EXPECT_TRUE(at::equal(encoder->state().tensors.at("bn0.running_mean"),
                        state.tensors.at("bn0.running_mean")))
      << "validation changes nothing";
  EXPECT_EQ(encoder->step_sums()[0].abs().max().item<double>(), 0);
}

TEST(HtsatLearner, trains_only_what_its_features_come_from) {
  const auto names = [](const std::string& features) {
    const auto encoder = make_learner(features);
    encoder->prepare(two_classes);
    std::set<std::string> all;
    for (const auto& [name, tensor] : encoder->parameters())
      all.insert(name);
    return all;
  };
  const auto stage = names("stage1"), frames = names("frames_32"), posterior = names("posterior");
  EXPECT_EQ(stage.count("layers.2.blocks.0.norm1.weight"), 0u);
  EXPECT_EQ(frames.count("layers.3.blocks.1.norm1.weight"), 1u);
  EXPECT_EQ(frames.count("tscam_conv.weight"), 0u);
  EXPECT_EQ(posterior.count("tscam_conv.weight"), 1u);
  EXPECT_EQ(frames.count("bn0.running_mean"), 0u);
  EXPECT_TRUE(make_learner("pooled")->parameters().empty()) << "not before prepare()";
}

TEST(HtsatLearner, refuses_what_it_cannot_be_trained_for) {
  const auto refusal = [](const std::string& features, const std::string& preset,
                          const Objective& objective) {
    return [=] { make_learner(features, preset)->prepare(objective); };
  };
  EXPECT_THAT(refusal("pooled", "tiny_fused", two_classes),
              ThrowsMessage<Unsupported>(HasSubstr("transformers' CLAP cannot be trained here")));
  EXPECT_THAT(refusal("embedding", "tiny", two_classes),
              ThrowsMessage<Unsupported>(HasSubstr("are not trained here")));
  EXPECT_THROW(refusal("pooled", "tiny", {.goal = Objective::Goal::masked})(), Unsupported);
}

}  // namespace
