#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <gmock/gmock.h>
#include <lib/learn/optimiser.hpp>

#include "adapter.hpp"
#include "codec_case.hpp"
#include "packing.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;

class LlamaLoraFixture : public CodecCase {
 protected:
  void SetUp() override {
    CodecCase::SetUp();
    const kit::Checkpoint base(folder / "base");
    model.emplace(llama::read_architecture(base), base, at::kCPU);
    mask = golden("right.in.attention_mask");
  }
  at::Tensor embedded() const { return model->embed(packed(golden("right.in.input_ids"), mask)); }
  at::Tensor logits() const { return logits_of(*model, embedded(), mask); }
  at::Tensor loss() const { return loss_of(*model, embedded(), mask, golden("right.in.labels")); }
  NamedTensors trainable() {
    auto tensors = llama::adapter_tensors(*model);
    for (auto& [name, tensor] : tensors)
      tensor.set_requires_grad(true);
    return tensors;
  }

  std::optional<llama::Model> model{};
  at::Tensor mask{};
};

TEST_P(LlamaLoraFixture, an_adapter_s_logits_loss_and_gradients_are_the_reference_s) {
  llama::read_adapter(*model, folder / "adapter");
  expect_near("right.out.logits", logits());
  const auto parameters = trainable();
  for (const bool recompute : {false, true}) {
    model->set_recompute(recompute);
    const auto value = loss();
    expect_near("right.out.loss", value.detach().view({1}));
    value.backward();
    for (const auto& [name, tensor] : parameters) {
      expect_near("right.out.grad." + name, tensor.grad());
      tensor.mutable_grad() = at::Tensor();
    }
  }
}

TEST_P(LlamaLoraFixture, losses_of_training_the_adapter_are_the_reference_s) {
  llama::read_adapter(*model, folder / "adapter");
  constexpr double learning_rate = 1e-3;
  kit::AdamW optimiser(trainable());
  const auto theirs = golden("right.out.adamw_losses");
  std::vector<at::Tensor> losses;
  for (std::int64_t step = 0; step < theirs.numel(); ++step) {
    const auto value = loss();
    losses.push_back(value.detach());
    value.backward();
    optimiser.step(learning_rate);
    optimiser.zero_gradients();
  }
  expect_near("right.out.adamw_losses", at::stack(losses));
}

TEST_P(LlamaLoraFixture, a_merged_adapter_gives_the_reference_s_logits) {
  llama::read_adapter(*model, folder / "adapter");
  for (auto* projection : model->projections())
    projection->merge();
  EXPECT_TRUE(llama::adapter_tensors(*model).empty());
  expect_near("right.out.merged_logits", logits());
}

TEST_P(LlamaLoraFixture, an_adapter_that_was_written_reads_as_it_was) {
  llama::read_adapter(*model, folder / "adapter");
  const TemporaryFolder written;
  llama::write_adapter(*model, written.path() / "adapter");
  const auto before = logits();
  const auto names = kit::Checkpoint(folder / "adapter" / "adapter_model.safetensors").names();
  EXPECT_EQ(kit::Checkpoint(written.path() / "adapter" / "adapter_model.safetensors").names(),
            names);
  llama::read_adapter(*model, written.path() / "adapter");
  EXPECT_TRUE(at::equal(logits(), before));
}

INSTANTIATE_TEST_SUITE_P(Cases, LlamaLoraFixture,
                         ::testing::Combine(::testing::ValuesIn(codec_cases("llama", "base")),
                                            ::testing::Values(1, 2)),
                         case_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LlamaLoraFixture);

}  // namespace
