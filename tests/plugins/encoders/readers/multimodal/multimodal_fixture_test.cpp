#include <ATen/core/grad_mode.h>

#include "encoders/multimodal/model.hpp"
#include "hashed_weights.hpp"
#include "training_case.hpp"

// The layers against the published class.
namespace {

using namespace earshot;
using namespace earshot::testing;
using multimodal::Mode;
using multimodal::Model;
using multimodal::Sizes;
using multimodal::VoxelHead;

TEST(HashedWeights, are_those_of_the_fixtures) {
  const std::string name = "patchgan.network.0.weight";
  EXPECT_EQ(fnv1a32(name), 2896633983U);
  const double expected[] = {0.0285964534, -0.615224779, -0.63040036, 0.196578115};
  for (std::uint32_t i = 0; i < 4; ++i)
    EXPECT_NEAR(hashed_value(fnv1a32(name), i), expected[i], 1e-8);
}

class MultimodalFixture : public TrainingCase {
 protected:
  MultimodalFixture() : TrainingCase("multimodal_encoder") {}

  Sizes sizes() const {
    const auto config = json("config.json");
    Sizes sizes;
    sizes.height = config.at("video_height"), sizes.width = config.at("video_width");
    sizes.video_outputs = config.at("video_features");
    sizes.audio.layout = kit::CodeNetworkSizes::Layout::published;
    sizes.audio.books = config.at("audio_codebooks");
    sizes.audio.outputs = config.at("audio_features");
    sizes.text_inputs = config.at("text_dim"), sizes.text_outputs = config.at("text_features");
    sizes.bottleneck = config.at("bottleneck_dim");
    sizes.voxels = config.at("n_voxels");
    return sizes;
  }
};

TEST_F(MultimodalFixture, branches_layers_bottleneck_and_voxels_are_the_reference_s) {
  const at::NoGradGuard no_grad;
  kit::Parameters parameters(at::kCPU);
  const auto given = sizes();
  const Model model(given, parameters);
  const VoxelHead head(given, given.voxels, parameters);
  for (const auto& [name, tensor] : parameters.tensors())
    fill_with_hash(name, tensor);
  const Mode use{};
  const auto codes = golden("in/audio_codes");
  const auto video = model.video(golden("in/video"), use);
  const auto audio = model.audio({codes, at::full({codes.size(0)}, codes.size(2), at::kLong)}, use);
  const auto text = model.text(golden("in/text"), use);
  expect_near("mid/video", video);
  expect_near("mid/audio", audio);
  expect_near("mid/text", text);
  const auto fused = model.fused(at::cat({video, audio, text}, 1), use);
  expect_near("mid/feature_conv", fused.layer4);
  expect_near("mid/layer5_first_64", fused.layer5.narrow(1, 0, 64));
  expect_near("mid/layer6_first_64", fused.layer6.narrow(1, 0, 64));
  expect_near("out/bottleneck", fused.bottleneck);
  expect_near("out/voxels", head(fused.bottleneck, use));
}

}  // namespace
