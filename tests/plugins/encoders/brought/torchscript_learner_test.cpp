#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/script.h>

#include <gmock/gmock.h>
#include <lib/learn/optimiser.hpp>

#include <earshot/kit/testing.hpp>

#include "temporary_folder.hpp"
#include "torchscript/torchscript.hpp"

namespace {

using namespace earshot;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using torchscript::TorchScript;

const Objective three_classes{.goal = Objective::Goal::classes, .classes = {"a", "b", "c"}};

class ScriptedLearner : public ::testing::Test {
 protected:
  ScriptedLearner() : no_grad_() { at::manual_seed(1); }

  /// Convolution, batch norm and rectifier, with parameters unless they are constants.
  void save(bool with_parameters = true) {
    torch::jit::Module module("model");
    const auto kernel = at::randn({6, 1, 10}) * 0.3;
    if (with_parameters)
      module.register_parameter("kernel", kernel.clone(), /*is_buffer=*/false);
    else
      module.register_buffer("kernel", kernel.clone());
    module.register_buffer("mean", at::zeros({6}));
    module.register_buffer("variance", at::ones({6}));
    module.register_attribute("training", c10::BoolType::get(), true);
    module.define(R"(
def forward(self, x):
    y = torch.conv1d(x, self.kernel, None, [10])
    y = torch.batch_norm(y, None, None, self.mean, self.variance, self.training, 0.1, 1e-5, False)
    return torch.relu(y).transpose(1, 2)
)");
    module.save(file().string(), {{"earshot.json", R"({"sample_rate": 100, "frame_rate": 10})"}});
  }
  std::unique_ptr<TorchScript> open() const {
    const Options options(TorchScript::options(), {{"weights", Weights{"model.pt", file()}}});
    return std::make_unique<TorchScript>(options, Context{.device = c10::kCPU});
  }
  std::unique_ptr<TorchScript> prepared() const {
    at::manual_seed(2);
    auto encoder = open();
    encoder->prepare(three_classes);
    encoder->train(true);
    return encoder;
  }
  std::filesystem::path file() const { return folder_ / "model.pt"; }

  /// Tones of three frequencies, of 1 s and 0.7 s.
  static LearnerBatch batch() {
    auto samples = at::zeros({6, 1, 100}), targets = at::zeros({6, 3});
    auto lengths = at::empty({6}, at::kLong);
    for (std::int64_t b = 0; b < 6; ++b) {
      const auto length = b < 3 ? 100 : 70;
      const auto hertz = 5.0 * static_cast<double>(b % 3 + 1);
      samples[b][0]
          .narrow(0, 0, length)
          .copy_((at::arange(length, at::kFloat) * (6.283185307 * hertz / 100)).sin());
      lengths[b] = length;
      targets[b][b % 3] = 1;
    }
    return {.audio = {samples, lengths, 100}, .sources = {}, .targets = targets};
  }

  static double step(TorchScript& encoder, kit::AdamW& optimiser, std::int64_t number) {
    at::Tensor total;
    {
      const at::AutoGradMode grad(true);
      total = encoder.loss(batch(), {.step = number, .steps = 100}).total;
    }
    total.backward();
    optimiser.step(0.02);
    optimiser.zero_gradients();
    encoder.finish_step(number);
    return total.item<double>();
  }

 private:
  at::NoGradGuard no_grad_;
  earshot::testing::TemporaryFolder folder_;
};

TEST_F(ScriptedLearner, learns_classes_with_the_parameters_of_the_file) {
  save();
  const auto encoder = prepared();
  EXPECT_EQ(encoder->parameters().front().first, "model.kernel");
  kit::AdamW optimiser(encoder->parameters());
  const auto first = step(*encoder, optimiser, 0);
  double last = first;
  for (std::int64_t n = 1; n < 60; ++n)
    last = step(*encoder, optimiser, n);
  EXPECT_LT(last, 0.5 * first);
  encoder->train(false);
  EXPECT_FALSE(
      at::equal(encoder->encode(batch().audio).values, open()->encode(batch().audio).values));
}

TEST_F(ScriptedLearner, takes_each_clip_s_vector_from_its_own_samples) {
  save();
  const auto encoder = prepared();
  encoder->train(false);
  const auto whole = batch();
  const auto together = encoder->loss(whole, {}).total.item<double>();
  double sum = 0;
  for (std::int64_t b = 0; b < 6; ++b) {
    const auto length = whole.audio.lengths[b].item<std::int64_t>();
    sum += encoder
               ->loss({.audio = {whole.audio.samples.narrow(0, b, 1).narrow(2, 0, length),
                                 whole.audio.lengths.narrow(0, b, 1), 100},
                       .sources = {},
                       .targets = whole.targets.narrow(0, b, 1)},
                      {})
               .total.item<double>();
  }
  EXPECT_NEAR(together, sum / 6, 1e-6);
}

TEST_F(ScriptedLearner, goes_on_from_its_state_buffers_included) {
  save();
  const auto whole = prepared(), resumed = prepared();
  kit::AdamW first(whole->parameters()), second(resumed->parameters());
  step(*whole, first, 0);
  resumed->load_state(kit::clone(whole->state()));
  EXPECT_GT(resumed->state().tensors.at("model.mean").abs().max().item<double>(), 0);
  State moments;
  first.save(moments, "");
  second.load(kit::clone(moments), "");
  EXPECT_EQ(step(*whole, first, 1), step(*resumed, second, 1));
  whole->train(false);
  resumed->train(false);
  EXPECT_TRUE(
      at::equal(whole->encode(batch().audio).values, resumed->encode(batch().audio).values));
  auto lacking = whole->state();
  lacking.tensors.erase("model.variance");
  EXPECT_THAT([&] { resumed->load_state(lacking); },
              ThrowsMessage<DataError>(HasSubstr("model.variance")));
}

TEST_F(ScriptedLearner, says_that_tensors_cannot_replace_its_program) {
  save();
  EXPECT_THAT([&] { prepared()->export_weights(); },
              ThrowsMessage<Unsupported>(HasSubstr("a TorchScript program, which a file of "
                                                   "tensors cannot replace")));
}

TEST_F(ScriptedLearner, without_parameters_is_refused) {
  save(/*with_parameters=*/false);
  EXPECT_THAT([&] { open()->prepare(three_classes); },
              ThrowsMessage<Unsupported>(HasSubstr("has no parameters to train")));
}

}  // namespace
