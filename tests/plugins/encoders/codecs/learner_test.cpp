#include <cmath>
#include <memory>
#include <type_traits>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/autocast.hpp>
#include <lib/learn/optimiser.hpp>

#include <earshot/kit/testing.hpp>

#include "encoders/encodec/encodec.hpp"
#include "encoders/mimi/mimi.hpp"
#include "exported_weights.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using earshot::testing::exported_weights;
using earshot::testing::TemporaryFolder;
using earshot::testing::write;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const Objective reconstruction{.goal = Objective::Goal::reconstruction};

template <class C>
std::unique_ptr<C> make_codec(std::map<std::string, OptionValue> given = {}) {
  given.emplace("weights", Weights{.source = "random"});
  given.emplace("preset", std::string("tiny"));
  given.emplace("levels", std::int64_t{3});
  given.emplace("continuous_steps", std::int64_t{1});
  return std::make_unique<C>(Options(C::options(), given), Context{.device = at::kCPU});
}

/// Tones that glide, clips of `seconds` at 24 kHz.
LearnerBatch gliding_tones(double seconds, std::int64_t clips = 6) {
  const auto samples = static_cast<std::int64_t>(seconds * 24000);
  auto audio = at::zeros({clips, 1, samples});
  for (std::int64_t b = 0; b < clips; ++b) {
    const auto time = at::arange(samples, at::kFloat) / 24000;
    const auto hertz = 80 * std::pow(1.2, static_cast<double>(b));
    const auto phase = 6.283185307 * hertz * (time + 0.8 * time.square());
    audio[b][0].copy_(phase.sin() * 0.3);
  }
  return {.audio = {audio, at::full({clips}, samples, at::kLong), 24000}, .sources = {}};
}

double value(const NamedTensors& parts, const std::string& name) {
  for (const auto& [known, part] : parts)
    if (known == name) return part.item<double>();
  ADD_FAILURE() << "no part " << name;
  return 0;
}

/// Scale-invariant signal-to-distortion ratio in dB, the mean over clips.
template <class C>
double mean_si_sdr(C& codec, const LearnerBatch& given) {
  const auto x = given.audio.samples.flatten(0, 1);
  const auto y =
      codec.decode(codec.quantize(given.audio)).samples.flatten(0, 1).narrow(1, 0, x.size(1));
  const auto target = (y * x).sum(1, true) / x.square().sum(1, true) * x;
  const auto ratio = target.square().sum(1) / (y - target).square().sum(1);
  return 10 * ratio.log10().mean().template item<double>();
}

/// A learner with an optimiser for each of its groups, as a training loop has them.
template <class C>
struct Training {
  explicit Training(std::map<std::string, OptionValue> options = {},
                    const Objective& objective = reconstruction)
      : codec(make_codec<C>(std::move(options))) {
    at::manual_seed(1);
    codec->prepare(objective);
    for (const auto& group : codec->groups())
      optimisers.emplace_back(group.parameters);
    codec->train(true);
  }

  /// Returns the losses of each group.
  std::vector<Losses> step(const LearnerBatch& given, std::int64_t number, bool bf16 = false) {
    at::manual_seed(static_cast<std::uint64_t>(number));
    std::vector<Losses> all;
    for (std::size_t group = 0; group < optimisers.size(); ++group) {
      const at::AutoGradMode grad(true);
      const kit::Autocast autocast(at::kCPU, bf16);
      all.push_back(codec->loss(given, {.step = number, .steps = 100, .group = group}));
      all.back().total.backward();
      const at::NoGradGuard no_grad;
      optimisers[group].step(3e-3);
      for (auto& optimiser : optimisers)
        optimiser.zero_gradients();
      all.back().total = all.back().total.detach();
    }
    at::manual_seed(static_cast<std::uint64_t>(number));
    codec->step_sums();
    codec->finish_step(number);
    return all;
  }

  std::unique_ptr<C> codec;
  std::vector<kit::AdamW> optimisers{};
};

template <class C>
class CodecLearning : public ::testing::Test {
 protected:
  CodecLearning() : no_grad_() {}

 private:
  at::NoGradGuard no_grad_;
};
using Codecs = ::testing::Types<encodec::Encodec, mimi::Mimi>;
TYPED_TEST_SUITE(CodecLearning, Codecs);

TYPED_TEST(CodecLearning, brings_decoded_audio_closer_and_uses_its_codebooks) {
  const auto given = gliding_tones(0.4);
  Training<TypeParam> training({{"continuous_steps", std::int64_t{15}}, {"stft_weight", 0.0}});
  auto& codec = *training.codec;
  codec.train(false);
  const auto untrained = codec.loss(given, {});
  const auto before = mean_si_sdr(codec, given);
  codec.train(true);
  for (std::int64_t number = 0; number < 30; ++number)
    training.step(given, number);
  codec.train(false);
  const auto trained = codec.loss(given, {});
  EXPECT_LT(trained.total.template item<double>(), 0.8 * untrained.total.template item<double>());
  EXPECT_LT(value(trained.parts, "mel"), 0.6 * value(untrained.parts, "mel"));
  // Thirty frames of mimi, 12.5 a second, need more steps before their phases are right.
  if (std::is_same_v<TypeParam, encodec::Encodec>) {
    EXPECT_GT(mean_si_sdr(codec, given), before + 3);
  }
  // There are 64 entries; of random codebooks, the latents choose one or two.
  EXPECT_GT(value(trained.parts, "usage"), 0.15);
  EXPECT_EQ(trained.weight, 6);
}

TYPED_TEST(CodecLearning, has_a_gradient_for_every_parameter_of_each_group) {
  Training<TypeParam> training(
      {{"discriminator", true}, {"discriminator_filters", std::int64_t{2}}});
  auto& codec = *training.codec;
  const auto given = gliding_tones(0.2);
  for (std::int64_t number = 0; number < 2; ++number)
    training.step(given, number);  // latents are passed on
  const auto groups = codec.groups();
  ASSERT_EQ(groups.size(), 2u);
  // As the discriminator begins, its scores are within the margins of both hinges and hardly depend
  // on what it sees: what originals and copies say to its biases is equal and opposite.
  for (auto [name, parameter] : groups[1].parameters)
    if (name.ends_with("weight_g")) parameter.mul_(3);
  for (std::size_t g = 0; g < 2; ++g) {
    {
      const at::AutoGradMode grad(true);
      codec.loss(given, {.step = 2, .group = g}).total.backward();
    }
    for (std::size_t other = 0; other < 2; ++other)
      for (auto [name, parameter] : groups[other].parameters) {
        EXPECT_EQ(parameter.grad().defined(), g == other) << name;
        // To the last ones even now, where a network's scores are still that small.
        const bool balanced = name.ends_with("conv_post.bias");
        if (g == other && parameter.grad().defined() && !balanced) {
          EXPECT_GT(parameter.grad().abs().max().template item<double>(), 0) << name;
        }
        parameter.mutable_grad().reset();
      }
  }
}

TYPED_TEST(CodecLearning, goes_on_from_its_state_with_the_same_bits_and_codes_alike) {
  const std::map<std::string, OptionValue> options{
      {"discriminator", true}, {"discriminator_filters", std::int64_t{2}}, {"revive", 2.0}};
  const auto given = gliding_tones(0.2);
  Training<TypeParam> whole(options), resumed(options);
  for (std::int64_t number = 0; number < 4; ++number)
    whole.step(given, number);
  resumed.codec->load_state(kit::clone(whole.codec->state()));
  for (std::size_t g = 0; g < 2; ++g) {
    State moments;
    whole.optimisers[g].save(moments, "");
    resumed.optimisers[g].load(kit::clone(moments), "");
  }
  for (std::int64_t number = 4; number < 6; ++number) {
    const auto ours = whole.step(given, number), theirs = resumed.step(given, number);
    for (std::size_t g = 0; g < 2; ++g)
      EXPECT_TRUE(at::equal(ours[g].total, theirs[g].total)) << number << " " << g;
  }
  whole.codec->train(false);
  const auto codes = [&](TypeParam& codec) { return codec.quantize(given.audio).codes; };
  const auto fresh = make_codec<TypeParam>(options);
  fresh->prepare(reconstruction);
  EXPECT_FALSE(at::equal(codes(*whole.codec), codes(*fresh)));
  fresh->load_state(kit::clone(whole.codec->state()));
  EXPECT_TRUE(at::equal(codes(*whole.codec), codes(*fresh)));
  auto lacking = whole.codec->state();
  lacking.tensors.erase("codebooks.0.0.counts");
  EXPECT_THAT([&] { fresh->load_state(lacking); },
              ThrowsMessage<DataError>(HasSubstr("codebooks.0.0.counts")));
}

TYPED_TEST(CodecLearning, exports_a_checkpoint_that_its_weights_option_reads) {
  const auto given = gliding_tones(0.2);
  Training<TypeParam> training;
  for (std::int64_t number = 0; number < 3; ++number)
    training.step(given, number);
  auto& codec = *training.codec;
  codec.train(false);
  const TemporaryFolder folder;
  TypeParam loaded(
      Options(TypeParam::options(),
              {{"weights", exported_weights(codec, folder.path())}, {"levels", std::int64_t{3}}}),
      Context{.device = at::kCPU});
  const auto codes = loaded.quantize(given.audio);
  EXPECT_TRUE(at::equal(codes.codes, codec.quantize(given.audio).codes));
  EXPECT_EQ(codes.spec, codec.code_spec());
  EXPECT_LE((loaded.decode(codes).samples - codec.decode(codes).samples)
                .abs()
                .max()
                .template item<double>(),
            1e-6);
}

TYPED_TEST(CodecLearning, weighs_clips_of_all_lengths_alike) {
  Training<TypeParam> training;
  auto& codec = *training.codec;
  for (std::int64_t number = 0; number < 2; ++number)
    training.step(gliding_tones(0.2), number);
  codec.train(false);
  const auto given = gliding_tones(0.2);
  auto shorter = given;
  shorter.audio.lengths = given.audio.lengths.clone();
  shorter.audio.lengths[1] = 3000;
  const auto together = codec.loss(shorter, {}).total.template item<double>();
  double sum = 0;
  for (std::int64_t b = 0; b < 6; ++b) {
    const auto length = shorter.audio.lengths[b].template item<std::int64_t>();
    sum += codec
               .loss({.audio = {given.audio.samples.narrow(0, b, 1).narrow(2, 0, length),
                                shorter.audio.lengths.narrow(0, b, 1), 24000},
                      .sources = {}},
                     {})
               .total.template item<double>();
  }
  EXPECT_NEAR(together, sum / 6, 1e-4 * together);
}

TYPED_TEST(CodecLearning, trains_under_autocast) {
  Training<TypeParam> training;
  const auto given = gliding_tones(0.2);
  for (std::int64_t number = 0; number < 4; ++number)
    EXPECT_TRUE(at::isfinite(training.step(given, number, true)[0].total).template item<bool>());
}

TYPED_TEST(CodecLearning, leaves_levels_of_clips_out_in_training_only) {
  const auto given = gliding_tones(0.2, 16);
  const auto counts = [&](double dropout, bool trains) {
    Training<TypeParam> training({{"level_dropout", dropout}});
    training.codec->train(trains);
    training.codec->loss(given, {});
    std::vector<double> all;
    // Of each half of the quantiser: numbers, sums, sample.
    const auto sums = training.codec->step_sums();
    for (std::size_t i = 0; i < sums.size(); i += 3)
      for (const auto& level : sums[i].sum(1).unbind())
        all.push_back(level.template item<double>());
    return all;
  };
  const auto whole = counts(0, true), drawn = counts(1, true);
  ASSERT_EQ(whole.size(), 3u);
  EXPECT_GT(whole[0], 0);
  EXPECT_EQ(whole, std::vector<double>(3, whole[0]));
  EXPECT_EQ(drawn[0], whole[0]) << "the first level is always there";
  EXPECT_LT(drawn[1], drawn[0]);
  EXPECT_LT(drawn[2], drawn[1]);
  EXPECT_EQ(counts(1, false), std::vector<double>(3, 0)) << "nothing is counted in validation";
}

TYPED_TEST(CodecLearning, takes_clips_of_one_sample) {
  Training<TypeParam> training;
  EXPECT_TRUE(
      at::isfinite(training.step(gliding_tones(1.0 / 24000), 0)[0].total).template item<bool>());
}

TYPED_TEST(CodecLearning, refuses_a_state_of_other_sizes) {
  Training<TypeParam> training;
  auto state = kit::clone(training.codec->state());
  state.tensors.at("codebooks.0.0.counts") = at::zeros({4}, at::kDouble);
  EXPECT_THAT([&] { training.codec->load_state(state); },
              ThrowsMessage<DataError>(HasSubstr("codebooks.0.0.counts' of the state is [4]; "
                                                 "expected [64]")));
  const auto fewer = Training<TypeParam>({{"levels", std::int64_t{2}}}).codec->state();
  EXPECT_THAT([&] { training.codec->load_state(fewer); },
              ThrowsMessage<DataError>(HasSubstr("state lacks tensor")));
}

TYPED_TEST(CodecLearning, refuses_audio_of_another_rate) {
  Training<TypeParam> training;
  auto given = gliding_tones(0.1);
  given.audio.sample_rate = 16000;
  EXPECT_THAT([&] { training.step(given, 0); },
              ThrowsMessage<ContractError>(HasSubstr("expected 1 at 24000 Hz")));
}

TYPED_TEST(CodecLearning, refuses_weights_with_which_nothing_is_compared) {
  const std::map<std::string, OptionValue> none{
      {"waveform_weight", 0.0}, {"mel_weight", 0.0}, {"stft_weight", 0.0}};
  EXPECT_THAT([&] { make_codec<TypeParam>(none)->prepare(reconstruction); },
              ThrowsMessage<ConfigError>(HasSubstr("at least one is needed, or a discriminator")));
  auto judged = none;
  judged["discriminator"] = true;
  EXPECT_NO_THROW(make_codec<TypeParam>(judged)->prepare(reconstruction));
}

TYPED_TEST(CodecLearning, refuses_turns_in_another_order) {
  Training<TypeParam> training(
      {{"discriminator", true}, {"discriminator_filters", std::int64_t{2}}});
  EXPECT_THAT([&] { training.codec->loss(gliding_tones(0.1), {.group = 1}); },
              ThrowsMessage<ContractError>(HasSubstr("came before the model's")));
}

TYPED_TEST(CodecLearning, tells_classes_apart_by_its_codes_without_its_decoder) {
  auto given = gliding_tones(0.2);
  given.targets =
      at::one_hot((at::arange(6) >= 3).to(at::kLong), 2).to(at::kFloat);  // low and high
  Training<TypeParam> training({{"continuous_steps", std::int64_t{5}}},
                               {.goal = Objective::Goal::classes, .classes = {"low", "high"}});
  auto& codec = *training.codec;
  for (const auto& [name, parameter] : codec.parameters())
    EXPECT_FALSE(name.starts_with("decoder") || name.starts_with("upsample")) << name;
  const auto first = training.step(given, 0)[0];
  for (std::int64_t number = 1; number < 20; ++number)
    training.step(given, number);
  codec.train(false);
  const auto trained = codec.loss(given, {});
  EXPECT_LT(value(trained.parts, "cross_entropy"), 0.5 * value(first.parts, "cross_entropy"));
  EXPECT_EQ(value(trained.parts, "accuracy"), 1);
  EXPECT_GT(value(trained.parts, "commitment"), 0);
  EXPECT_EQ(trained.weight, 6);
}

TYPED_TEST(CodecLearning, refuses_to_learn_what_is_masked_or_to_judge_what_is_not_decoded) {
  EXPECT_THAT([&] { make_codec<TypeParam>()->prepare({.goal = Objective::Goal::masked}); },
              ThrowsMessage<Unsupported>(HasSubstr("not what is masked")));
  EXPECT_THAT(
      [&] {
        make_codec<TypeParam>({{"discriminator", true}})
            ->prepare({.goal = Objective::Goal::classes, .classes = {"a", "b"}});
      },
      ThrowsMessage<ConfigError>(HasSubstr("discriminator judges decoded audio")));
}

/// A teacher at 50 Hz whose features are the clip's number and a tone's phase.
FeatureBatch taught(const LearnerBatch& given) {
  const auto clips = given.audio.samples.size(0);
  const auto frames = given.audio.samples.size(2) / 480;
  const auto clip = at::arange(clips, at::kFloat).view({-1, 1, 1}).expand({clips, frames, 1});
  return {.values = at::cat({clip - 2.5, at::ones({clips, frames, 1})}, 2),
          .lengths = at::full({clips}, frames, at::kLong),
          .spec = {.frame_rate = 50, .first_frame = 0.01, .dim = 2}};
}

TEST(MimiLearning, is_taught_its_first_level) {
  const at::NoGradGuard no_grad;
  auto given = gliding_tones(0.32);
  given.teacher = taught(given);
  auto objective = reconstruction;
  objective.teacher = given.teacher.spec;
  Training<mimi::Mimi> training({{"teacher_weight", 20.0}}, objective);
  const auto first = value(training.step(given, 0)[0].parts, "teacher");
  double last = first;
  for (std::int64_t number = 1; number < 12; ++number)
    last = value(training.step(given, number)[0].parts, "teacher");
  EXPECT_LT(last, 0.7 * first);
}

TEST(MimiLearning, needs_the_features_of_its_teacher) {
  const auto given = gliding_tones(0.1);
  auto objective = reconstruction;
  objective.teacher = taught(given).spec;
  const Training<mimi::Mimi> training({}, objective);
  EXPECT_THAT([&] { training.codec->loss(given, {}); },
              ThrowsMessage<ContractError>(HasSubstr("no features of the teacher")));
}

// Regression: the first level of a codec that was trained with more could not be loaded.
TEST(MimiLearning, gives_its_first_levels_to_a_component_that_uses_no_others) {
  const auto make_with = [](std::int64_t levels) {
    return make_codec<mimi::Mimi>({{"levels", levels}});
  };
  const auto all = make_with(8), first = make_with(1);
  all->prepare(reconstruction);
  first->prepare(reconstruction);
  first->load_state(all->state());
  const auto kept = first->state();
  EXPECT_FALSE(kept.tensors.empty());
  for (const auto& [name, tensor] : kept.tensors)
    EXPECT_TRUE(at::equal(tensor, all->state().tensors.at(name))) << name;
  EXPECT_THAT([&] { all->load_state(kept); }, ThrowsMessage<DataError>(HasSubstr("state lacks")));
}

TEST(EncodecLearning, has_no_teacher) {
  auto objective = reconstruction;
  objective.teacher = {.frame_rate = 50, .dim = 2};
  EXPECT_THAT([&] { make_codec<encodec::Encodec>()->prepare(objective); },
              ThrowsMessage<Unsupported>(HasSubstr("learns without a teacher")));
}

TEST(EncodecConfig, has_the_chunks_of_all_presets) {
  const TemporaryFolder folder;
  for (const auto* name : {"24khz", "48khz", "tiny", "tiny_wide", "tiny_stereo"}) {
    const auto expected = encodec::preset(name);
    write(folder / "config.json", encodec::config_text(expected));
    kit::save_safetensors(folder / "model.safetensors",
                          {{encodec::Model::codebook_name(0), at::zeros({2, 2})}});
    const auto found = encodec::read_architecture(kit::Checkpoint(folder / "model.safetensors"));
    EXPECT_EQ(found.chunk, expected.chunk) << name;
    EXPECT_EQ(found.stride, expected.stride) << name;
    EXPECT_EQ(found.bandwidths, expected.bandwidths) << name;
    EXPECT_EQ(found.seanet.ratios, expected.seanet.ratios) << name;
    EXPECT_EQ(found.seanet.norm, expected.seanet.norm) << name;
    EXPECT_EQ(found.normalize, expected.normalize) << name;
  }
}

TEST(EncodecLearning, trains_the_model_in_overlapping_chunks) {
  const at::NoGradGuard no_grad;
  Training<encodec::Encodec> training({{"preset", std::string("tiny_stereo")}});
  const auto mono = at::rand({1, 1, 50000}) - 0.5;
  const LearnerBatch given{
      .audio = {mono.repeat({1, 2, 1}), at::full({1}, 50000, at::kLong), 48000}, .sources = {}};
  const auto first = training.step(given, 0)[0].total.item<double>();
  double last = first;
  for (std::int64_t number = 1; number < 3; ++number)
    last = training.step(given, number)[0].total.item<double>();
  EXPECT_LT(last, first);
}

}  // namespace
