#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include "audio_case.hpp"
#include "encoders/htsat/model.hpp"
#include "temporary_folder.hpp"

// Every stage of the tower against goldens of the reference implementations.
namespace {

using namespace earshot::testing;
using earshot::kit::Checkpoint;
using htsat::Model;

/// The checkpoint in a case's folder, whatever its extension.
std::filesystem::path file_in(const std::filesystem::path& folder, const std::string& beginning) {
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with(beginning)) return entry.path();
  return {};
}

Model model_of(const Checkpoint& checkpoint) {
  return {htsat::read_architecture(checkpoint), checkpoint, at::kCPU};
}

class TowerCase : public AudioCase {
 protected:
  /// From patches to the normed tokens after the last stage.
  at::Tensor expect_tower(const Model& model, const at::Tensor& patches,
                          const std::string& prefix) const {
    auto x = patches;
    const auto last = model.architecture().stages() - 1;
    for (std::int64_t n = 0; n <= last; ++n) {
      const auto& stage = model.stage(n);
      const auto name = prefix + "layer" + std::to_string(n);
      for (std::int64_t blocks = 1; blocks <= stage.options().blocks; ++blocks) {
        const auto block = name + "_block" + std::to_string(blocks - 1);
        if (goldens->contains(block)) expect_near(block, stage.forward(x, blocks));
      }
      x = stage.forward(x);
      if (n < last) x = stage.merge(x);
      expect_near(name, x);
    }
    x = model.normed(x);
    expect_near(prefix + "norm", x);
    return x;
  }
};

class MsclapFixture : public TowerCase {
 protected:
  at::Tensor mels(const Model& model, const at::Tensor& waves) const {
    std::vector<at::Tensor> all;
    for (std::int64_t b = 0; b < waves.size(0); ++b) {
      const auto wave = waves[b].contiguous();
      all.push_back(model.front_end().mel_frames(
          {wave.const_data_ptr<float>(), static_cast<std::size_t>(wave.numel())}));
    }
    return at::stack(all).unsqueeze(1);
  }
  /// Names of the waves, "short" for "in/wave_short", and the waves.
  std::map<std::string, at::Tensor> waves() const {
    std::map<std::string, at::Tensor> found;
    for (const auto& name : goldens->names()) {
      const std::string beginning = "in/wave_";
      if (!name.starts_with(beginning)) continue;
      const auto rest = name.substr(beginning.size());
      found[rest.substr(0, rest.find('_'))] = golden(name);
    }
    return found;
  }
  /// msclap's results for waves of any length.
  struct Outputs {
    at::Tensor first_grid, latent, frames, posterior, clipwise;
    std::int64_t windows;
  };
  Outputs outputs(const Model& model, const at::Tensor& waves) const {
    const auto x = mels(model, waves);
    const auto starts = model.window_starts(x.size(2));
    const bool cut = x.size(2) > model.architecture().frames();
    Outputs sum{.windows = static_cast<std::int64_t>(starts.size())};
    const auto add = [&](at::Tensor& to, const at::Tensor& part) {
      const auto share = part / static_cast<double>(starts.size());
      to = to.defined() ? to + share : share;
    };
    for (const auto start : starts) {
      const auto grid = model.grid(cut ? x.narrow(2, start, Model::window_frames) : x);
      const auto logits = model.logits(grid);
      if (start == 0) sum.first_grid = grid;
      add(sum.latent, grid.mean(1));
      add(sum.frames, model.frames(grid, model.architecture().stages() - 1));
      add(sum.posterior, at::sigmoid(logits));
      add(sum.clipwise, at::sigmoid(logits.mean(1)));
    }
    return sum;
  }
};

TEST_P(MsclapFixture, every_stage_is_the_reference_s) {
  const auto model = model_of(Checkpoint(file_in(folder, "CLAP_weights")));
  const auto x = mels(model, golden("in/wave_short"));
  expect_near("mid/short/logmel", x);
  expect_near("mid/short/bn0", model.normalised(x).transpose(1, 3));
  const auto picture = model.picture(x);
  expect_near("mid/short/image", picture.narrow(0, 0, 1));
  const auto patches = model.tokens(picture);
  expect_near("mid/short/patch_embed", patches);
  const auto grid = expect_tower(model, patches, "mid/short/");
  expect_near("mid/short/grouped", model.grouped(grid, model.architecture().stages() - 1));
  expect_near("mid/short/tscam", model.logits(grid).transpose(1, 2).unsqueeze(2));
}

TEST_P(MsclapFixture, outputs_of_clips_of_any_length_are_the_reference_s) {
  const auto model = model_of(Checkpoint(file_in(folder, "CLAP_weights")));
  for (const auto& [name, wave] : waves()) {
    const auto ours = outputs(model, wave);
    const auto out = "out/" + name + "/";
    expect_near(out + "norm_tokens_first_window", ours.first_grid);
    expect_near(out + "latent_output", ours.latent);
    expect_near(out + "frames_32", ours.frames);
    if (goldens->contains(out + "frames_1024"))
      expect_near(out + "frames_1024", ours.frames.repeat_interleave(32, 1));
    expect_near(out + "framewise_output", ours.posterior.repeat_interleave(32, 1));
    expect_near(out + "clipwise_output", ours.clipwise);
    if (model.projection())
      expect_near(out + "projected", model.projection()->forward(ours.latent));
    const auto windows = "mid/" + name + "/windows";
    if (goldens->contains(windows)) {
      EXPECT_EQ(ours.windows, golden(windows).item<std::int64_t>()) << name;
    }
  }
}

/// The tower of one file and the head of the other, as in a checkpoint of Mellow.
TEST_P(MsclapFixture, what_mellow_hands_to_its_language_model_is_the_reference_s) {
  const auto head_file = file_in(folder, "mellow");
  if (head_file.empty()) GTEST_SKIP() << "no head of Mellow's";
  const Checkpoint tower(file_in(folder, "CLAP_weights")), head(head_file);
  std::map<std::string, at::Tensor> tensors;
  for (const auto& name : tower.names())
    if (const auto at = name.find("audio_encoder.base."); at != std::string::npos)
      tensors["module." + name.substr(at)] = tower.get(name);
  for (const auto& name : head.names())
    tensors[name] = head.get(name);
  const TemporaryFolder made;
  earshot::kit::save_safetensors(made / "v0.safetensors", tensors);
  const auto model = model_of(Checkpoint(made / "v0.safetensors"));
  EXPECT_EQ(model.architecture().family, htsat::Family::mellow);
  EXPECT_EQ(model.architecture().sample_rate, 32000);
  for (const auto& [name, wave] : waves()) {
    const auto ours = outputs(model, wave);
    const auto latent = ours.latent.unsqueeze(1), relayed = model.relayed(ours.posterior);
    const auto embedding = "out/" + name + "/mellow_embedding_1025";
    expect_near(embedding, at::cat({latent, relayed.repeat_interleave(32, 1)}, 1)
                               .narrow(1, 0, golden(embedding).size(1)));
    const auto& projection = *model.projection();
    expect_near(
        "out/" + name + "/mellow_prefix_129",
        at::cat({projection.forward(latent), projection.forward(relayed).repeat_interleave(4, 1)},
                1));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, MsclapFixture, audio_cases_with_threads("msclap.models.htsat"),
                         audio_case_name);

class ClapFixture : public TowerCase {};

TEST_P(ClapFixture, every_stage_is_the_reference_s) {
  const auto model = model_of(Checkpoint(folder));
  const auto mels = golden("in/input_features");
  expect_near("mid/batch_norm", model.normalised(mels));
  const auto picture = model.picture(mels);
  expect_near("mid/image_of_first_clip", picture.narrow(0, 0, 1));
  std::vector<std::int64_t> longer;
  for (std::int64_t b = 0; b < mels.size(0); ++b)
    if (golden("in/is_longer")[b].item<bool>()) longer.push_back(b);
  const auto patches = model.tokens(picture, longer);
  expect_near("mid/patch_embed", patches);
  const auto grid = expect_tower(model, patches, "mid/");
  const auto last = model.architecture().stages() - 1;
  expect_near("out/last_hidden_state", model.grouped(grid, last));
  expect_near("out/frames_32", model.frames(grid, last));
  const auto pooled = grid.mean(1);
  expect_near("out/pooler_output", pooled);
  expect_near("out/audio_embeds", model.projection()->forward(pooled));
}

INSTANTIATE_TEST_SUITE_P(Unfused, ClapFixture,
                         audio_cases_with_threads("transformers ClapAudioModelWithProjection"),
                         audio_case_name);
INSTANTIATE_TEST_SUITE_P(
    Fused, ClapFixture,
    audio_cases_with_threads("transformers ClapAudioModelWithProjection, enable_fusion"),
    audio_case_name);

}  // namespace
