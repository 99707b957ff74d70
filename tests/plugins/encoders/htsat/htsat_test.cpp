#include "encoders/htsat/htsat.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <earshot/kit/random.hpp>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using ::testing::HasSubstr;
using Given = std::map<std::string, OptionValue>;

const std::vector<std::string> clip_taps = {"grid", "pooled", "embedding"};

htsat::Htsat make(const std::string& features, const std::string& preset = "tiny",
                  Given given = {}) {
  given.insert(
      {{"weights", Weights{.source = "random"}}, {"preset", preset}, {"features", features}});
  return {Options(htsat::Htsat::options(), given), Context{.device = at::kCPU}};
}

std::string refusal(const std::string& features, const std::string& preset,
                    const Given& given = {}) {
  try {
    make(features, preset, given);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "(not refused)";
}

AudioBatch noise_batch(const std::vector<std::int64_t>& lengths, std::int64_t rate) {
  const auto longest = *std::max_element(lengths.begin(), lengths.end());
  auto samples = at::zeros({static_cast<std::int64_t>(lengths.size()), 1, longest});
  auto* sample = samples.mutable_data_ptr<float>();
  for (std::size_t b = 0; b < lengths.size(); ++b, sample += longest) {
    kit::Random random(b);
    for (std::int64_t n = 0; n < lengths[b]; ++n)
      sample[n] = static_cast<float>(0.1 * random.normal());
  }
  return {.samples = samples, .lengths = at::tensor(lengths), .sample_rate = rate};
}

AudioBatch alone(const AudioBatch& batch, std::int64_t b) {
  const auto length = batch.lengths[b].item<std::int64_t>();
  return {.samples = batch.samples.narrow(0, b, 1).narrow(2, 0, length).contiguous(),
          .lengths = batch.lengths.narrow(0, b, 1).clone(),
          .sample_rate = batch.sample_rate};
}

at::Tensor valid(const FeatureBatch& batch, std::int64_t b) {
  return batch.values[b].narrow(0, 0, batch.lengths[b].item<std::int64_t>());
}

TEST(Htsat, taps_have_their_widths_and_a_true_time_axis) {
  const auto audio = noise_batch({7 * 44100, 44100, 1}, 44100);
  const struct {
    std::string features;
    std::int64_t steps, dim;
  } expected[] = {{"stage0", 256, 8},   {"stage1", 128, 16},   {"stage2", 64, 32},
                  {"stage3", 32, 64},   {"frames_32", 32, 64}, {"posterior", 32, 11},
                  {"grid", 0, 64 * 64}, {"pooled", 0, 64},     {"embedding", 0, 24}};
  for (const auto& [features, steps, dim] : expected) {
    auto encoder = make(features);
    const auto rate = static_cast<double>(steps) / 7;
    EXPECT_DOUBLE_EQ(encoder.spec().frame_rate, rate) << features;
    EXPECT_DOUBLE_EQ(encoder.spec().first_frame, steps == 0 ? 0 : 0.5 / rate) << features;
    EXPECT_EQ(encoder.spec().dim, dim) << features;
    const auto batch = encoder.encode(audio);
    batch.check();
    EXPECT_TRUE(at::isfinite(batch.values).all().item<bool>()) << features;
    const auto frames = [&](std::int64_t b) { return batch.lengths[b].item<std::int64_t>(); };
    EXPECT_EQ(frames(0), std::max<std::int64_t>(1, steps)) << features;
    EXPECT_EQ(frames(1), (steps + 6) / 7 + (steps == 0 ? 1 : 0)) << features;
    EXPECT_EQ(frames(2), 1) << features;
  }
}

TEST(Htsat, a_click_shows_at_its_time_in_every_tap_with_a_time_axis) {
  for (const auto* features : {"stage0", "stage1", "stage2", "stage3", "frames_32"})
    for (const double at : {0.9, 2.6, 4.4, 6.2}) {  // one in each stretch of the picture
      auto encoder = make(features);
      auto audio = noise_batch({7 * 44100}, 44100);
      audio.samples.mul_(0.01);
      const auto quiet = encoder.encode(audio).values[0];
      audio.samples[0][0].narrow(0, static_cast<std::int64_t>(at * 44100), 441).fill_(0.9);
      const auto change = (encoder.encode(audio).values[0] - quiet).abs().sum(1);
      const auto spec = encoder.spec();
      const auto loudest =
          spec.first_frame +
          static_cast<double>(change.argmax().item<std::int64_t>()) / spec.frame_rate;
      EXPECT_NEAR(loudest, at, 0.5) << features;
    }
}

TEST(Htsat, clips_of_a_batch_come_out_as_if_alone) {
  const auto threads = at::get_num_threads();
  for (const auto* preset : {"tiny", "tiny_fused"})
    for (const auto* features : {"frames_32", "pooled"}) {
      auto encoder = make(features, preset);
      const auto rate = encoder.needs().sample_rate;
      const auto audio = noise_batch({rate, 11 * rate, 3 * rate + 1}, rate);
      at::set_num_threads(2);
      const auto together = encoder.encode(audio);
      at::set_num_threads(1);
      for (std::int64_t b = 0; b < 3; ++b) {
        const auto own = encoder.encode(alone(audio, b)).values[0];
        ASSERT_EQ(valid(together, b).sizes(), own.sizes()) << features << b;
        EXPECT_LE((valid(together, b) - own).abs().max().item<double>(), 1e-5) << features << b;
      }
    }
  at::set_num_threads(threads);
}

TEST(Htsat, longer_clips_are_one_picture_after_the_other) {
  auto encoder = make("frames_32");
  const auto audio = noise_batch({15 * 44100}, 44100);
  const auto whole = encoder.encode(audio).values[0];
  ASSERT_EQ(whole.size(0), 32 + 32 + 5);
  AudioBatch second = audio;
  second.samples = audio.samples.narrow(2, 7 * 44100, 7 * 44100).contiguous();
  second.lengths = at::tensor({std::int64_t{7 * 44100}});
  EXPECT_LE((whole.narrow(0, 32, 32) - encoder.encode(second).values[0]).abs().max().item<double>(),
            1e-5);
}

TEST(Htsat, asks_for_clips_as_the_model_was_trained_on) {
  const auto msclap = make("frames_32").needs();
  EXPECT_EQ(msclap, (AudioNeeds{.sample_rate = 44100,
                                .max_seconds = 7,
                                .min_seconds = 7,
                                .crop = Crop::seeded,
                                .pad = Pad::repeat}));
  const auto fused = make("frames_32", "tiny_fused").needs();
  EXPECT_EQ(fused, (AudioNeeds{.sample_rate = 48000, .max_seconds = 10, .crop = Crop::seeded}));
  EXPECT_EQ(make("pooled", "tiny_fused").needs().max_seconds, 0);
  // As in the seed study: 10 s at 48 kHz into a model for 44.1 kHz.
  auto study = make("grid", "tiny", {{"sample_rate", std::int64_t{48000}}, {"seconds", 10.0}});
  EXPECT_EQ(study.needs().sample_rate, 48000);
  EXPECT_EQ(study.needs().max_seconds, 10);
}

TEST(Htsat, grid_of_the_seed_study_hears_the_first_window_alone) {
  auto study = make("grid", "tiny", {{"sample_rate", std::int64_t{48000}}, {"seconds", 10.0}});
  auto audio = noise_batch({480000}, 48000);
  const auto before = study.encode(audio).values;
  audio.samples.narrow(2, 690 * 320, 480000 - 690 * 320).zero_();  // what comes after 4.6 s
  EXPECT_TRUE(at::equal(study.encode(audio).values, before));
  audio.samples.narrow(2, 0, 320 * 600).zero_();
  EXPECT_FALSE(at::allclose(study.encode(audio).values, before));
}

TEST(Htsat, a_fused_model_hears_the_end_of_a_long_clip_in_what_it_says_of_the_clip) {
  for (const auto& features : clip_taps) {
    if (features == "grid") continue;
    auto encoder = make(features, "tiny_fused");
    auto audio = noise_batch({30 * 48000}, 48000);
    const auto before = encoder.encode(audio).values;
    audio.samples.narrow(2, 20 * 48000, 10 * 48000).mul_(0.01);
    EXPECT_FALSE(at::allclose(encoder.encode(audio).values, before, 1e-3, 1e-3)) << features;
  }
}

TEST(Htsat, counts_what_it_learns_and_runs) {
  const auto count = [](const std::string& features, const std::string& preset) {
    return make(features, preset).parameter_count();
  };
  // transformers counts 28 190 872, 656 384 of them in the projection.
  EXPECT_EQ(count("embedding", "laion_unfused"), 28190872);
  EXPECT_EQ(count("frames_32", "laion_unfused"), 28190872 - 656384);
  EXPECT_EQ(count("frames_32", "msclap"), count("frames_32", "laion_unfused"));
  EXPECT_EQ(count("posterior", "msclap") - count("frames_32", "msclap"), 2428943);
  EXPECT_EQ(count("embedding", "msclap") - count("frames_32", "msclap"), 1837056);
  EXPECT_EQ(count("mellow", "mellow") - count("posterior", "mellow"), 405504 + 775296);
  EXPECT_LT(count("stage2", "msclap"), count("frames_32", "msclap"));
}

TEST(Htsat, refuses_what_the_model_has_not) {
  EXPECT_THAT(refusal("posterior", "tiny_fused"), HasSubstr("no classifier"));
  EXPECT_THAT(refusal("mellow", "tiny"), HasSubstr("not Mellow's"));
  EXPECT_THAT(refusal("frames_32", "tiny", {{"seconds", 10.0}}), HasSubstr("mel frames"));
  EXPECT_THAT(refusal("pooled", "tiny_fused", {{"seconds", 20.0}}), HasSubstr("mel frames"));
}

/// All tensors that HTSAT needs must be in the file: a name that the reference would leave random
/// is refused.
TEST(Htsat, refuses_a_checkpoint_that_lacks_a_tensor_or_has_too_many) {
  const htsat::Model model(htsat::preset("tiny"), 0, at::kCPU);
  const auto tower = "model.audio_encoder.base.htsat.";
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, tensor] : model.parameters())
    tensors[name.starts_with("projection.") ? "model.audio_encoder." + name : tower + name] =
        tensor;
  const earshot::testing::TemporaryFolder folder;
  const auto read = [&](const std::map<std::string, at::Tensor>& file) -> std::string {
    kit::save_safetensors(folder / "x.safetensors", file);
    try {
      const kit::Checkpoint checkpoint(folder / "x.safetensors");
      const htsat::Model again(htsat::read_architecture(checkpoint), checkpoint, at::kCPU);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(read(tensors), "");
  auto less = tensors;
  less.erase(std::string(tower) + "layers.1.blocks.0.attn.proj.weight");
  EXPECT_THAT(read(less), HasSubstr("'layers.1.blocks.0.attn.proj.weight'"));
  auto more = tensors;
  more[std::string(tower) + "layers.9.weight"] = at::ones({1});
  EXPECT_THAT(read(more), HasSubstr("unexpected"));
  more = tensors;  // computed tensors may be present, with any type
  more[std::string(tower) + "layers.0.blocks.0.attn.relative_position_index"] = at::ones({64, 64});
  EXPECT_EQ(read(more), "");
  EXPECT_THAT(read({{"weight", at::ones({1})}}), HasSubstr("has no HTSAT"));
}

/// The project's golden checkpoint of transformers' CLAP, with one number of its configuration
/// changed.
std::string refusal_of_config(const std::string& key, const nlohmann::json& value) {
  const std::filesystem::path golden = EARSHOT_SOURCE_DIR "/tests/golden/audio/clap_unfused_tiny";
  const earshot::testing::TemporaryFolder folder;
  std::filesystem::copy(golden / "model.safetensors", folder / "model.safetensors");
  auto config = nlohmann::json::parse(earshot::testing::text_of(golden / "config.json"));
  if (!key.empty()) config[key] = value;
  earshot::testing::write(folder / "config.json", config.dump());
  try {
    const kit::Checkpoint checkpoint(folder.path());
    const htsat::Model model(htsat::read_architecture(checkpoint), checkpoint, at::kCPU);
  } catch (const DataError& error) {
    return error.what();
  }
  return "(not refused)";
}

TEST(Htsat, refuses_a_configuration_that_makes_no_model_or_another_one) {
  EXPECT_EQ(refusal_of_config("", {}), "(not refused)");
  const std::pair<std::string, nlohmann::json> wrong[] = {{"window_size", 0},
                                                          {"window_size", 3},
                                                          {"window_size", 2},
                                                          {"spec_size", 63},
                                                          {"spec_size", 1 << 20},
                                                          {"num_mel_bins", 0},
                                                          {"num_mel_bins", 24},
                                                          {"depths", {-1, 2, 1}},
                                                          {"depths", nlohmann::json::array()},
                                                          {"depths", {2, 2, 2}},
                                                          {"num_attention_heads", {1, 2}},
                                                          {"num_attention_heads", {0, 2, 4}},
                                                          {"num_attention_heads", {3, 2, 4}},
                                                          {"patch_stride", {0, 4}},
                                                          {"patch_stride", {4, 4, 4}},
                                                          {"patch_stride", "four"},
                                                          {"patch_embeds_hidden_size", 1 << 15},
                                                          {"mlp_ratio", -1},
                                                          {"hidden_act", "relu"},
                                                          {"enable_fusion", true},
                                                          {"qkv_bias", false}};
  for (const auto& [key, value] : wrong)
    EXPECT_NE(refusal_of_config(key, value), "(not refused)") << key << " " << value;
}

TEST(Htsat, reads_rates_lengths_and_padding_beside_the_configuration) {
  const std::filesystem::path goldens = EARSHOT_SOURCE_DIR "/tests/golden/audio";
  const earshot::testing::TemporaryFolder folder;
  for (const auto* file : {"model.safetensors", "config.json"})
    std::filesystem::copy(goldens / "clap_unfused_tiny" / file, folder / file);
  const auto read = [&] { return htsat::read_architecture(kit::Checkpoint(folder.path())); };
  EXPECT_EQ(read().sample_rate, 48000);  // the published value if the file is missing
  EXPECT_EQ(read().front_end.fmin, 50);
  earshot::testing::write(folder / "preprocessor_config.json",
                          R"({"sampling_rate": 8000, "hop_length": 160, "max_length_s": 2,
                              "frequency_min": 20, "frequency_max": 3000, "fft_window_size": 512,
                              "padding": "repeat"})");
  const auto architecture = read();
  EXPECT_EQ(architecture.sample_rate, 8000);
  const auto& o = architecture.front_end;
  EXPECT_EQ(o.sample_rate, 8000);
  EXPECT_EQ(o.max_samples, 16000);
  EXPECT_EQ(o.hop, 160);
  EXPECT_EQ(o.n_fft, 512);
  EXPECT_EQ(o.fmin, 20);
  EXPECT_EQ(o.fmax, 3000);
  EXPECT_EQ(o.padding, kit::ClapPadding::repeat);
  EXPECT_EQ(o.truncation, kit::ClapTruncation::crop);
}

}  // namespace
