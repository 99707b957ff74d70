#include "encoders/encodec/encodec.hpp"

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/random.hpp>

#include "codec_case.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using ::testing::HasSubstr;
using Given = std::map<std::string, OptionValue>;

encodec::Encodec make_encodec(const Given& given) {
  return {Options(encodec::Encodec::options(), given), Context{.device = at::kCPU}};
}

Given tiny_encodec(const std::string& preset, Given more = {}) {
  more.insert({{"weights", Weights{.source = "random"}}, {"preset", preset}});
  return more;
}

AudioBatch noise(const AudioNeeds& needs, const std::vector<std::int64_t>& lengths) {
  const auto longest = *std::max_element(lengths.begin(), lengths.end());
  auto samples = at::zeros({static_cast<std::int64_t>(lengths.size()), needs.channels, longest});
  kit::Random random(3);
  auto* sample = samples.mutable_data_ptr<float>();
  for (const auto length : lengths)
    for (std::int64_t c = 0; c < needs.channels; ++c, sample += longest)
      for (std::int64_t n = 0; n < length; ++n)
        sample[n] = static_cast<float>(0.1 * random.normal());
  return {.samples = samples, .lengths = at::tensor(lengths), .sample_rate = needs.sample_rate};
}

class EncodecFixture : public CodecCase {
 protected:
  void SetUp() override {
    CodecCase::SetUp();
    if (checkpoint) model.emplace(encodec::read_architecture(*checkpoint), *checkpoint, at::kCPU);
  }
  at::Tensor audio(const std::string& subcase) const {
    const auto waveform = golden(subcase + ".in.waveform");
    const auto mask = subcase + ".in.padding_mask";
    return goldens->contains(mask) ? waveform * golden(mask) : waveform;
  }
  /// The goldens stack chunks, and omit the axis of embeddings if there is only one chunk.
  at::Tensor by_chunk(const std::string& name) const {
    const auto tensor = golden(name);
    return tensor.dim() == 3 ? tensor.unsqueeze(0) : tensor;
  }
  std::optional<encodec::Model> model{};
};

TEST_P(EncodecFixture, embeddings_and_loudness_are_the_reference_s) {
  for (const auto& subcase : subcases()) {
    std::vector<at::Tensor> scales;
    const auto chunks = model->embeddings(audio(subcase), scales);
    const auto name = subcase + ".mid.embeddings";
    const auto theirs = by_chunk(name);
    ASSERT_EQ(theirs.size(0), std::ssize(chunks)) << subcase;
    for (std::size_t c = 0; c < chunks.size(); ++c)
      expect_near(name, chunks[c].transpose(1, 2),
                  theirs[static_cast<std::int64_t>(c)].narrow(2, 0, chunks[c].size(1)));
    if (!scales.empty()) expect_near(subcase + ".out.scales_bw0", at::stack(scales));
  }
}

TEST_P(EncodecFixture, codes_are_the_reference_s_at_all_bandwidths) {
  const auto& bandwidths = model->architecture().bandwidths;
  for (const auto& subcase : subcases()) {
    std::vector<at::Tensor> scales;
    const auto chunks = model->embeddings(audio(subcase), scales);
    const auto margins = by_chunk(subcase + ".aux.margin");
    for (std::size_t bandwidth = 0; bandwidth < bandwidths.size(); ++bandwidth) {
      const auto end = "_bw" + std::to_string(bandwidth);
      const auto name = subcase + ".out.codes" + end;
      const auto theirs = golden(name);
      for (std::size_t c = 0; c < chunks.size(); ++c) {
        const auto chunk = static_cast<std::int64_t>(c);
        const auto frames = chunks[c].size(1);
        expect_codes(name,
                     model->codes(chunks[c], model->architecture().levels(bandwidths[bandwidth])),
                     theirs[chunk].narrow(2, 0, frames), margins[chunk].narrow(2, 0, frames));
      }
      const auto padded = theirs.size(3) - chunks.back().size(1);
      EXPECT_EQ(padded, golden(subcase + ".out.last_frame_pad" + end)[0].item<std::int64_t>());
    }
  }
}

TEST_P(EncodecFixture, features_and_audio_of_the_reference_s_codes_are_the_reference_s) {
  for (const auto& subcase : subcases()) {
    const auto samples = golden(subcase + ".in.waveform").size(2);
    for (std::size_t bandwidth = 0; bandwidth < model->architecture().bandwidths.size();
         ++bandwidth) {
      const auto end = "_bw" + std::to_string(bandwidth);
      const auto codes = golden(subcase + ".out.codes" + end);
      const auto padded = golden(subcase + ".out.last_frame_pad" + end)[0].item<std::int64_t>();
      encodec::Codes chunks;
      for (std::int64_t c = 0; c < codes.size(0); ++c) {
        const auto frames = codes.size(3) - (c + 1 == codes.size(0) ? padded : 0);
        chunks.chunks.push_back(codes[c].narrow(2, 0, frames));
        const auto features = subcase + ".out.features" + end;
        expect_near(features, model->embed(chunks.chunks.back()).transpose(1, 2),
                    golden(features)[c].narrow(2, 0, frames));
        if (model->architecture().normalize)
          chunks.scales.push_back(golden(subcase + ".out.scales" + end)[c]);
      }
      const auto audio = model->decode(chunks);
      expect_near(subcase + ".out.waveform" + end, audio);
      expect_near(subcase + ".out.waveform_trimmed" + end, audio.narrow(2, 0, samples));
    }
  }
}

TEST_P(EncodecFixture, clips_of_unequal_length_come_out_as_if_alone) {
  if (!goldens->contains("batch.in.padding_mask")) GTEST_SKIP() << "no batch of unequal length";
  for (const auto* features : {"pre_quant", "quantized"}) {
    auto codec = make_encodec({{"weights", Weights{.source = "fixture", .path = folder}},
                               {"features", std::string(features)}});
    expect_clips_as_alone(codec, batch(codec.needs().sample_rate));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, EncodecFixture,
                         ::testing::Combine(::testing::ValuesIn(codec_cases("encodec")),
                                            ::testing::Values(1, 2)),
                         case_name);

TEST(Encodec, published_architectures_have_the_published_rates_and_bandwidths) {
  const auto mono = encodec::preset("24khz"), stereo = encodec::preset("48khz");
  EXPECT_EQ(mono.frame_rate(), 75);
  EXPECT_EQ(stereo.frame_rate(), 150);
  EXPECT_EQ(mono.levels(1.5), 2);
  EXPECT_EQ(mono.levels(24), 32);
  EXPECT_EQ(stereo.levels(24), 16);
}

TEST(Encodec, features_are_what_its_codes_embed_and_ranges_of_levels_add_up) {
  auto all = make_encodec(tiny_encodec("tiny", {{"levels", std::int64_t{4}}}));
  auto tail = make_encodec(
      tiny_encodec("tiny", {{"levels", std::int64_t{4}}, {"first_level", std::int64_t{2}}}));
  const auto audio = noise(all.needs(), {5000, 12000});
  const auto features = all.encode(audio);
  const auto codes = all.quantize(audio);
  const auto first = all.embed({codes.codes.narrow(1, 0, 1), codes.lengths, codes.spec.first(1)});
  EXPECT_TRUE(at::allclose(features.values, all.embed(codes).values));
  EXPECT_TRUE(at::allclose(features.values, first.values + tail.encode(audio).values, 0, 1e-5));
  EXPECT_TRUE(at::allclose(tail.encode(audio).values, tail.embed(codes).values));
  EXPECT_THROW(tail.embed({codes.codes.narrow(1, 0, 1), codes.lengths, codes.spec.first(1)}),
               Unsupported);
}

TEST(Encodec, features_of_overlapping_chunks_lie_on_one_grid_and_their_codes_keep_every_frame) {
  auto codec = make_encodec(tiny_encodec("tiny_stereo", {{"features", std::string("pre_quant")}}));
  const auto audio = noise(codec.needs(), {150000, 30000});
  const auto features = codec.encode(audio);
  const auto codes = codec.quantize(audio);
  EXPECT_EQ(features.lengths[0].item<std::int64_t>(), 469);        // 150000 / 320
  EXPECT_EQ(codes.lengths[0].item<std::int64_t>(), 3 * 150 + 24);  // the last has 7440 samples
  EXPECT_EQ(codes.lengths[1].item<std::int64_t>(), 94);
  EXPECT_EQ(codes.side.sizes(), (at::IntArrayRef{2, 4}));
  const auto decoded = codec.decode(codes);
  decoded.check();
  EXPECT_EQ(decoded.lengths[0].item<std::int64_t>(), 3 * 47520 + 24 * 320);
  EXPECT_EQ(decoded.lengths[1].item<std::int64_t>(), 94 * 320);
  auto silent = codes;
  silent.side = at::Tensor();
  EXPECT_THROW(codec.decode(silent), ContractError);
}

TEST(Encodec, refuses_a_config_that_is_far_larger_than_its_checkpoint) {
  const TemporaryFolder folder;
  kit::save_safetensors(folder / "model.safetensors",
                        {{"quantizer.layers.0.codebook.embed", at::ones({64, 32})}});
  const auto config = [&](const std::string& filters, const std::string& ratios) {
    write(folder / "config.json",
          R"({"audio_channels": 1, "chunk_length_s": null, "codebook_size": 64, "compress": 2,
              "dilation_growth_rate": 2, "hidden_size": 32, "kernel_size": 7, "last_kernel_size": 7,
              "norm_type": "weight_norm", "normalize": false, "num_lstm_layers": 2,
              "num_residual_layers": 1, "overlap": null, "pad_mode": "reflect",
              "residual_kernel_size": 3, "sampling_rate": 2400, "target_bandwidths": [0.24],
              "use_causal_conv": true, "use_conv_shortcut": true, "num_filters": )" +
              filters + R"(, "upsampling_ratios": )" + ratios + "}");
    try {
      make_encodec({{"weights", Weights{.source = "x", .path = folder.path()}}});
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("(not refused)");
  };
  EXPECT_THAT(config("1048576", "[8, 8, 8, 8]"), HasSubstr("far too small"));
  EXPECT_THAT(config("4", "[1048576, 1048576, 1048576, 1048576]"),
              HasSubstr("invalid sizes for the network"));
  EXPECT_THAT(config("4", "[]"), HasSubstr("invalid sizes for the network"));
}

TEST(Encodec, random_weights_follow_the_seed) {
  auto one = make_encodec(tiny_encodec("tiny")), same = make_encodec(tiny_encodec("tiny"));
  auto other = make_encodec(tiny_encodec("tiny", {{"seed", std::int64_t{1}}}));
  const auto audio = noise(one.needs(), {4000});
  EXPECT_TRUE(at::equal(one.encode(audio).values, same.encode(audio).values));
  EXPECT_FALSE(at::equal(one.encode(audio).values, other.encode(audio).values));
}

std::string refusal(const Given& given) {
  try {
    make_encodec(given);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "(not refused)";
}

TEST(Encodec, refuses_levels_and_bandwidths_that_the_model_lacks) {
  EXPECT_THAT(refusal(tiny_encodec("tiny", {{"bandwidth", 1.0}})),
              HasSubstr("allowed: 0.9, 1.8, 3.6"));
  EXPECT_THAT(refusal(tiny_encodec("tiny", {{"levels", std::int64_t{9}}})),
              HasSubstr("allowed: up to 8"));
  EXPECT_THAT(refusal(tiny_encodec("tiny", {{"levels", std::int64_t{2}}, {"bandwidth", 0.9}})),
              HasSubstr("one of them"));
  EXPECT_THAT(refusal(tiny_encodec("tiny", {{"first_level", std::int64_t{3}}})),
              HasSubstr("allowed: 1 to 2"));
}

}  // namespace
