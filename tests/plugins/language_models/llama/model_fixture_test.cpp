#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <gmock/gmock.h>

#include "codec_case.hpp"
#include "packing.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;

class LlamaFixture : public CodecCase {
 protected:
  void SetUp() override {
    CodecCase::SetUp();
    if (checkpoint) model.emplace(llama::read_architecture(*checkpoint), *checkpoint, at::kCPU);
  }

  /// Greedy tokens (B, count), with the logits that determined them (B, count, V).
  std::pair<at::Tensor, at::Tensor> greedy(const at::Tensor& x,
                                           const std::vector<std::int64_t>& lengths,
                                           std::int64_t count) const {
    const c10::NoGradGuard no_gradient;
    const auto batch = static_cast<std::int64_t>(lengths.size());
    llama::Cache cache(model->architecture(), batch,
                       *std::max_element(lengths.begin(), lengths.end()), at::kCPU);
    const auto last = at::tensor(lengths).cumsum(0) - 1;
    auto hidden = model->forward(x, {.lengths = lengths, .rows = last, .cache = &cache});
    std::vector<at::Tensor> tokens, logits;
    for (std::int64_t i = 0; i < count; ++i) {
      logits.push_back(model->logits(hidden));
      tokens.push_back(logits.back().argmax(1));
      if (i + 1 < count) hidden = model->step(model->embed(tokens.back()), cache);
    }
    return {at::stack(tokens, 1), at::stack(logits, 1)};
  }

  void expect_greedy(const std::string& subcase, const at::Tensor& x,
                     const std::vector<std::int64_t>& lengths) const {
    const auto theirs = golden(subcase + ".out.greedy_ids");
    const auto [tokens, logits] = greedy(x, lengths, theirs.size(1));
    EXPECT_TRUE(at::equal(tokens, theirs)) << subcase << "\n" << tokens << "\n" << theirs;
    const auto name = subcase + ".out.greedy_logits";
    if (goldens->contains(name)) expect_near(name, logits);
  }

  std::optional<llama::Model> model{};
};

TEST_P(LlamaFixture, every_layer_is_the_reference_s) {
  const auto mask = golden("right.in.attention_mask");
  const llama::Sequences sequences{.lengths = lengths_of(mask)};
  auto x = model->embed(packed(golden("right.in.input_ids"), mask));
  const auto layers = model->architecture().layers;
  for (std::int64_t n = 0; n < layers; ++n) {
    expect_near("right.mid.hidden_" + std::to_string(n), padded(x, mask));
    x = model->layer(n, x, sequences);
  }
  // The reference's last state is the one after the norm.
  expect_near("right.mid.hidden_" + std::to_string(layers), padded(model->norm(x), mask));
}

TEST_P(LlamaFixture, logits_and_losses_of_right_and_left_padded_batches_are_the_reference_s) {
  for (const auto* side : {"right", "left"}) {
    const auto at = std::string(side);
    const auto mask = golden(at + ".in.attention_mask");
    const auto x = model->embed(packed(golden(at + ".in.input_ids"), mask));
    expect_near(at + ".out.logits", logits_of(*model, x, mask));
  }
  const auto mask = golden("right.in.attention_mask");
  const auto x = model->embed(packed(golden("right.in.input_ids"), mask));
  expect_near("right.out.loss", loss_of(*model, x, mask, golden("right.in.labels")).view({1}));
}

TEST_P(LlamaFixture, gradients_of_embeddings_in_front_of_text_are_the_reference_s) {
  const auto mask = golden("prefix.in.attention_mask");
  const auto embeddings = golden("prefix.in.inputs_embeds").clone().set_requires_grad(true);
  const auto x = packed(embeddings, mask);
  expect_near("prefix.out.logits", logits_of(*model, x.detach(), mask));
  for (const bool recompute : {false, true}) {
    embeddings.mutable_grad() = at::Tensor();
    model->set_recompute(recompute);
    const auto loss = loss_of(*model, packed(embeddings, mask), mask, golden("prefix.in.labels"));
    expect_near("prefix.out.loss", loss.detach().view({1}));
    loss.backward();
    expect_near("prefix.out.grad_inputs_embeds", embeddings.grad());
  }
}

TEST_P(LlamaFixture, greedy_tokens_are_the_reference_s) {
  const auto mask = golden("left.in.attention_mask");
  expect_greedy("left", model->embed(packed(golden("left.in.input_ids"), mask)), lengths_of(mask));
  const auto single = golden("single.in.input_ids");
  expect_greedy("single", model->embed(single.flatten()), {single.size(1)});
  const auto prefix = golden("prefix.in.prefix_embeds");
  const auto question = golden("prefix.in.question_ids");
  const auto x = at::cat({prefix, model->embed(question)}, 1);
  expect_greedy("prefix", x.flatten(0, 1),
                std::vector<std::int64_t>(static_cast<std::size_t>(x.size(0)), x.size(1)));
}

TEST_P(LlamaFixture, computing_in_bfloat16_stays_near_the_reference_that_does_so_too) {
  const std::string name = "right.out.logits_bf16_compute";
  if (!goldens->contains(name)) GTEST_SKIP() << "no logits computed in bfloat16";
  auto architecture = llama::read_architecture(*checkpoint);
  architecture.type = at::kBFloat16;
  model.emplace(architecture, *checkpoint, at::kCPU);
  const auto mask = golden("right.in.attention_mask");
  const auto x = model->embed(packed(golden("right.in.input_ids"), mask));
  expect_near(name, logits_of(*model, x, mask));
}

INSTANTIATE_TEST_SUITE_P(Cases, LlamaFixture,
                         ::testing::Combine(::testing::ValuesIn(codec_cases("llama")),
                                            ::testing::Values(1, 2)),
                         case_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LlamaFixture);

}  // namespace
