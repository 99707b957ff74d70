#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <earshot/kit/testing.hpp>

#include "llama_plugin.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using ::testing::HasSubstr;

TEST_F(LlamaPlugin, gradients_reach_embeddings_and_nothing_frozen) {
  auto model = make();
  EXPECT_TRUE(model.parameters().empty());
  const auto heard = some(6).set_requires_grad(true);
  const std::vector<Prompt> prompts{{Embeddings{heard}, std::string("what?")}};
  const Strings answers{"rain"};
  model.log_prob(prompts, answers).log_prob.sum().backward();
  EXPECT_GT(heard.grad().abs().min().item<double>(), 0);
  for (const auto& [name, tensor] : model.model().tensors())
    EXPECT_FALSE(tensor.requires_grad()) << name;
}

TEST_F(LlamaPlugin, checkpointing_gives_the_same_gradients) {
  for (const auto* train : {"lora", "full"}) {
    std::vector<std::vector<at::Tensor>> gradients;
    for (const bool checkpointing : {false, true}) {
      auto model = make({{"train", std::string(train)},
                         {"gradient_checkpointing", checkpointing},
                         {"lora_dropout", 0.3}});
      model.train(true);
      at::manual_seed(4);
      const std::vector<Prompt> prompts{{std::string("what?")}, {std::string("which one?")}};
      const Strings answers{"rain", "none"};
      model.log_prob(prompts, answers).log_prob.sum().backward();
      auto& all = gradients.emplace_back();
      for (const auto& [name, tensor] : model.parameters())
        all.push_back(tensor.grad());
    }
    ASSERT_EQ(gradients[0].size(), gradients[1].size());
    for (std::size_t i = 0; i < gradients[0].size(); ++i)
      EXPECT_TRUE(at::equal(gradients[0][i], gradients[1][i])) << train << " " << i;
  }
}

TEST_F(LlamaPlugin, adapters_start_without_effect_and_learn) {
  const std::vector<Prompt> prompts{{std::string("what?")}};
  const Strings answers{"rain"};
  auto plain = make();
  auto model = make({{"train", std::string("lora")},
                     {"lora_targets", Strings{"all-linear"}},
                     {"lora_rank", std::int64_t{4}}});
  EXPECT_EQ(model.parameters().size(), 2 * 7 * 2);  // A and B of seven layers in two blocks
  EXPECT_TRUE(at::equal(plain.log_prob(prompts, answers).log_prob,
                        model.log_prob(prompts, answers).log_prob.detach()));
  for (int step = 0; step < 5; ++step) {
    const auto loss = -model.log_prob(prompts, answers).log_prob.sum();
    loss.backward();
    const c10::NoGradGuard no_gradient;
    for (const auto& [name, tensor] : model.parameters()) {
      tensor.sub_(tensor.grad() * 0.05);
      tensor.mutable_grad() = at::Tensor();
    }
  }
  const c10::NoGradGuard no_gradient;
  EXPECT_GT(model.log_prob(prompts, answers).log_prob.item<double>(),
            plain.log_prob(prompts, answers).log_prob.item<double>() + 1);
}

TEST_F(LlamaPlugin, dropout_of_adapters_acts_only_in_training) {
  auto model = make({{"train", std::string("lora")}, {"lora_dropout", 0.5}});
  const c10::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : model.parameters())
    tensor.fill_(0.1);
  const std::vector<Prompt> prompts{{std::string("what?")}};
  const Strings answers{"rain"};
  const auto score = [&] { return model.log_prob(prompts, answers).log_prob.item<double>(); };
  EXPECT_EQ(score(), score());
  model.train(true);
  EXPECT_NE(score(), score());
  model.train(false);
  EXPECT_EQ(score(), score());
}

TEST_F(LlamaPlugin, a_state_makes_another_object_the_same) {
  const std::vector<Prompt> prompts{{std::string("what?")}};
  const Strings answers{"rain"};
  const c10::NoGradGuard no_gradient;
  for (const auto* train : {"lora", "full"}) {
    auto model = make({{"train", std::string(train)}});
    for (const auto& [name, tensor] : model.parameters())
      tensor.add_(at::randn_like(tensor) * 0.01);
    const auto state = kit::clone(model.state());
    const auto score = model.log_prob(prompts, answers).log_prob;
    auto same = make({{"train", std::string(train)}});
    EXPECT_FALSE(at::equal(same.log_prob(prompts, answers).log_prob, score));
    same.load_state(state);
    EXPECT_TRUE(at::equal(same.log_prob(prompts, answers).log_prob, score));
    auto other = make({{"train", std::string("frozen")}});
    if (std::string(train) == "full") {  // trained, then frozen
      other.load_state(state);
      EXPECT_TRUE(at::equal(other.log_prob(prompts, answers).log_prob, score));
    } else {
      EXPECT_THAT(refusal<DataError>([&] { other.load_state(state); }), HasSubstr("does not have"));
    }
  }
}

TEST_F(LlamaPlugin, an_adapter_in_a_folder_is_merged_or_trained_on) {
  auto trained = make({{"train", std::string("lora")}});
  const c10::NoGradGuard no_gradient;
  at::manual_seed(9);
  for (const auto& [name, tensor] : trained.parameters())
    tensor.normal_(0, 0.1);
  const auto state = trained.state();
  kit::save_safetensors(folder / "adapter_model.safetensors", state.tensors);
  earshot::testing::write(folder / "adapter_config.json", state.text.at("adapter_config.json"));
  const std::vector<Prompt> prompts{{std::string("what?")}};
  const Strings answers{"rain"};
  const auto score = trained.log_prob(prompts, answers).log_prob.item<double>();
  for (const auto* train : {"frozen", "lora", "full"}) {
    auto model = make({{"train", std::string(train)}, {"adapter", Path{folder.path()}}});
    EXPECT_NEAR(model.log_prob(prompts, answers).log_prob.item<double>(), score, 1e-3) << train;
    EXPECT_EQ(model.state().tensors.contains(state.tensors.begin()->first),
              std::string(train) == "lora");
  }
}

}  // namespace
