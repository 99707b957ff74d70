#include "encoders/mimi/mimi.hpp"

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/random.hpp>

#include "codec_case.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using ::testing::HasSubstr;
using Given = std::map<std::string, OptionValue>;

mimi::Mimi make_mimi(const Given& given) {
  return {Options(mimi::Mimi::options(), given), Context{.device = at::kCPU}};
}

Given tiny_mimi(Given more = {}) {
  more.insert({{"weights", Weights{.source = "random"}}, {"preset", std::string("tiny")}});
  return more;
}

AudioBatch noise_for_mimi(const std::vector<std::int64_t>& lengths) {
  const auto longest = *std::max_element(lengths.begin(), lengths.end());
  auto samples = at::zeros({static_cast<std::int64_t>(lengths.size()), 1, longest});
  auto* sample = samples.mutable_data_ptr<float>();
  kit::Random random(3);
  for (const auto length : lengths) {
    for (std::int64_t n = 0; n < length; ++n)
      sample[n] = static_cast<float>(0.1 * random.normal());
    sample += longest;
  }
  return {.samples = samples, .lengths = at::tensor(lengths), .sample_rate = 24000};
}

class MimiFixture : public CodecCase {
 protected:
  void SetUp() override {
    CodecCase::SetUp();
    if (checkpoint) model.emplace(mimi::read_architecture(*checkpoint), *checkpoint, at::kCPU);
  }
  /// Margins of the semantic levels, then of the acoustic ones, in the order of codes.
  at::Tensor margins(const std::string& subcase) const {
    return at::cat(
        {golden(subcase + ".aux.margin_semantic"), golden(subcase + ".aux.margin_acoustic")}, 1);
  }
  /// The two halves of the quantiser decide independently.
  void expect_codes_of(const at::Tensor& ours, const at::Tensor& theirs,
                       const at::Tensor& margin) const {
    ASSERT_EQ(ours.sizes(), theirs.sizes());
    const auto semantic = model->architecture().semantic_levels;
    const auto acoustic = theirs.size(1) - semantic;
    expect_codes("semantic", ours.narrow(1, 0, semantic), theirs.narrow(1, 0, semantic),
                 margin.narrow(1, 0, semantic));
    expect_codes("acoustic", ours.narrow(1, semantic, acoustic),
                 theirs.narrow(1, semantic, acoustic), margin.narrow(1, semantic, acoustic));
  }
  std::optional<mimi::Model> model{};
};

TEST_P(MimiFixture, every_stage_up_to_the_codes_is_the_reference_s) {
  for (const auto& subcase : subcases()) {
    const auto positions = model->seanet(golden(subcase + ".in.waveform"));
    expect_near(subcase + ".mid.seanet", positions);
    const auto transformed = model->encoder_transformer(positions);
    expect_near(subcase + ".mid.encoder_transformer", transformed);
    const auto latents = model->latents(transformed);
    expect_near(subcase + ".out.latents", latents);
    expect_near(subcase + ".mid.semantic_projected", model->semantic_projected(latents));
    expect_near(subcase + ".mid.acoustic_projected", model->acoustic_projected(latents));
    for (const auto* name : {".out.codes", ".out.codes_8"}) {
      SCOPED_TRACE(subcase + name);
      const auto theirs = golden(subcase + name);
      expect_codes_of(model->codes(latents, theirs.size(1)), theirs, margins(subcase));
    }
  }
}

TEST_P(MimiFixture, features_and_audio_of_the_reference_s_codes_are_the_reference_s) {
  for (const auto& subcase : subcases()) {
    const auto all = golden(subcase + ".out.codes"), some = golden(subcase + ".out.codes_8");
    const auto semantic = model->architecture().semantic_levels;
    expect_near(subcase + ".out.semantic_features", model->embed(all.narrow(1, 0, semantic)));
    expect_near(subcase + ".out.features_8", model->embed(some));
    expect_near(subcase + ".out.features_all", model->embed(all));
    const auto upsampled = model->upsample(model->embed(some));  // as in the golden file
    expect_near(subcase + ".mid.upsample", upsampled);
    expect_near(subcase + ".mid.decoder_transformer", model->decoder_transformer(upsampled));
    expect_near(subcase + ".out.waveform_8", model->decode(some));
    const auto audio = model->decode(all);
    expect_near(subcase + ".out.waveform_all", audio);
    const auto trimmed = subcase + ".out.waveform_all_trimmed";
    expect_near(trimmed, audio.narrow(2, 0, golden(trimmed).size(2)));
  }
}

TEST_P(MimiFixture, clips_of_unequal_length_come_out_as_if_alone) {
  if (!goldens->contains("batch.in.padding_mask")) GTEST_SKIP() << "no batch of unequal length";
  const auto levels = model->architecture().levels();
  for (const auto* features : {"seanet", "transformer", "pre_quant", "quantized"}) {
    auto codec = make_mimi({{"weights", Weights{.source = "fixture", .path = folder}},
                            {"levels", levels},
                            {"features", std::string(features)}});
    expect_clips_as_alone(codec, batch(codec.needs().sample_rate));
  }
}

TEST_P(MimiFixture, clips_of_a_batch_have_the_reference_s_codes_of_each_clip_alone) {
  if (!goldens->contains("batch.out.codes_alone_0")) GTEST_SKIP() << "no clips run alone";
  auto codec = make_mimi({{"weights", Weights{.source = "fixture", .path = folder}},
                          {"levels", model->architecture().levels()}});
  const auto codes = codec.quantize(batch(codec.needs().sample_rate));
  const auto margin = margins("batch");
  for (std::int64_t b = 0; b < codes.codes.size(0); ++b) {
    const auto alone = golden("batch.out.codes_alone_" + std::to_string(b));
    const auto frames = codes.lengths[b].item<std::int64_t>();
    ASSERT_EQ(frames, alone.size(2));
    // The margins are those of the padded batch, which differs only in the last frames of shorter
    // clips.
    expect_codes_of(codes.codes.narrow(0, b, 1).narrow(2, 0, frames), alone,
                    margin.narrow(0, b, 1).narrow(2, 0, frames));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, MimiFixture,
                         ::testing::Combine(::testing::ValuesIn(codec_cases("mimi")),
                                            ::testing::Values(1, 2)),
                         case_name);

TEST(Mimi, taps_have_their_rates_and_their_time_axis) {
  const auto audio = noise_for_mimi({24000, 1921});
  for (const auto& [features, rate, frames] :
       std::vector<std::tuple<std::string, double, std::int64_t>>{{"seanet", 25, 25},
                                                                  {"transformer", 25, 25},
                                                                  {"pre_quant", 12.5, 13},
                                                                  {"quantized", 12.5, 13}}) {
    auto encoder = make_mimi(tiny_mimi({{"features", features}}));
    EXPECT_EQ(encoder.spec().frame_rate, rate) << features;
    EXPECT_EQ(encoder.spec().first_frame, 0.5 / rate) << features;
    const auto batch = encoder.encode(audio);
    batch.check();
    EXPECT_EQ(batch.lengths[0].item<std::int64_t>(), frames) << features;
    EXPECT_EQ(batch.lengths[1].item<std::int64_t>(), rate == 25 ? 3 : 2) << features;
  }
  EXPECT_EQ(make_mimi(tiny_mimi()).code_spec().bits_per_second(), 8 * 6 * 12.5);
}

TEST(Mimi, semantic_and_acoustic_features_add_up_to_all) {
  const auto audio = noise_for_mimi({24000});
  const auto of = [&](std::int64_t first, std::int64_t last) {
    return make_mimi(tiny_mimi({{"first_level", first}, {"levels", last}})).encode(audio).values;
  };
  EXPECT_TRUE(at::allclose(of(1, 8), of(1, 1) + of(2, 8), 0, 1e-5));
  EXPECT_TRUE(at::allclose(of(1, 8), of(1, 2) + of(3, 4) + of(5, 8), 0, 1e-5));
  auto acoustic = make_mimi(tiny_mimi({{"first_level", std::int64_t{2}}}));
  const auto codes = acoustic.quantize(audio);
  EXPECT_TRUE(at::allclose(acoustic.embed(codes).values, of(2, 8)));
  EXPECT_THROW(acoustic.embed({codes.codes.narrow(1, 0, 1), codes.lengths, codes.spec.first(1)}),
               Unsupported);
}

TEST(Mimi, long_audio_in_tiles_equals_the_network_at_once) {
  const auto threads = at::get_num_threads();
  at::set_num_threads(1);
  const mimi::Model model(mimi::preset("tiny"), 0, at::kCPU);
  const auto audio = noise_for_mimi({960 * 1100}).samples;  // 1100 positions: beyond two tiles
  kit::Parameters parameters(at::kCPU);
  const kit::SeanetEncoder encoder(mimi::preset("tiny").seanet, parameters, "encoder");
  const kit::CausalTransformer transformer(mimi::preset("tiny").transformer, parameters,
                                           "encoder_transformer");
  parameters.randomize(0);
  const auto whole = encoder.forward(audio);
  EXPECT_LE((model.seanet(audio) - whole).abs().max().item<double>(), 1e-5);
  EXPECT_LE((model.encoder_transformer(whole).transpose(1, 2) -
             transformer.forward(whole.transpose(1, 2)))
                .abs()
                .max()
                .item<double>(),
            1e-5);
  const auto latents = model.latents(model.encoder_transformer(whole));
  EXPECT_LE((model.encode(audio) - latents).abs().max().item<double>(), 1e-5);
  const auto odd = audio.narrow(2, 0, 960 * 751 - 7);
  const auto of_odd = model.latents(model.encoder_transformer(model.seanet(odd)));
  EXPECT_LE((model.encode(odd) - of_odd).abs().max().item<double>(), 1e-5);
  at::set_num_threads(threads);
}

TEST(Mimi, refuses_levels_that_the_model_lacks) {
  const auto refusal = [](const Given& given) -> std::string {
    try {
      make_mimi(given);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "(not refused)";
  };
  EXPECT_THAT(refusal(tiny_mimi({{"levels", std::int64_t{9}}})), HasSubstr("allowed: 1 to 8"));
  EXPECT_THAT(refusal(tiny_mimi({{"first_level", std::int64_t{9}}})), HasSubstr("allowed: 1 to 8"));
}

}  // namespace
