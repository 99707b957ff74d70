#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <gmock/gmock.h>
#include <lib/learn/optimiser.hpp>

#include "adapter.hpp"
#include "packing.hpp"
#include "training_case.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;

/// peft's training of an adapter with all seven linear layers of each block.
class LoraTrainingFixture : public TrainingCase {
 protected:
  LoraTrainingFixture() : TrainingCase("lora_train") {}

  void SetUp() override {
    TrainingCase::SetUp();
    if (IsSkipped()) return;
    const kit::Checkpoint base(folder);
    model.emplace(llama::read_architecture(base), base, at::kCPU);
    const auto training = json("training.json");
    llama::add_adapters(*model, training.at("r").get<std::int64_t>(),
                        training.at("lora_alpha").get<double>(), {"all-linear"});
    const kit::Checkpoint start(folder / "adapter_start.safetensors");
    for (auto [name, tensor] : llama::adapter_tensors(*model))
      if (const auto theirs = published(name); start.contains(theirs))
        tensor.copy_(start.get(theirs));
      else
        EXPECT_TRUE(at::equal(tensor, at::zeros_like(tensor))) << name;
  }

  /// peft writes the adapter's name, "default", into those of its tensors.
  static std::string published(const std::string& name) {
    const std::string end = ".weight";
    return name.substr(0, name.size() - end.size()) + ".default" + end;
  }

  at::Tensor loss(std::int64_t batch) const {
    const auto in = "in/batch" + std::to_string(batch) + "/";
    const auto mask = golden(in + "attention_mask");
    return loss_of(*model, model->embed(packed(golden(in + "input_ids"), mask)), mask,
                   golden(in + "labels"));
  }

  std::optional<llama::Model> model{};
};

TEST_F(LoraTrainingFixture, is_followed_loss_by_loss_to_the_same_weights) {
  auto parameters = llama::adapter_tensors(*model);
  std::int64_t trainable = 0;
  for (auto& [name, tensor] : parameters) {
    tensor.set_requires_grad(true);
    trainable += tensor.numel();
  }
  EXPECT_EQ(trainable, json("training.json").at("trainable").get<std::int64_t>());
  kit::Optimiser optimiser(
      parameters,
      Options(kit::Optimiser::options(), {{"lr", 1e-3}, {"weight_decay", 0.0}, {"clip", 1.0}}), 6);
  std::vector<at::Tensor> losses;
  std::vector<float> norms;
  for (std::int64_t step = 0; step < 6; ++step) {
    const auto value = loss(step);
    losses.push_back(value.detach());
    value.backward();
    norms.push_back(static_cast<float>(optimiser.step()));
  }
  expect_near("out/loss", at::stack(losses));
  expect_near("out/grad_norm", at::tensor(norms));
  for (const auto& [name, tensor] : parameters)
    if (const auto result = "out/final/" + published(name); goldens->contains(result))
      expect_near(result, tensor.detach());
}

}  // namespace
