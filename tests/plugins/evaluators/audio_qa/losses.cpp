#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "question_trial.hpp"

namespace {

using namespace earshot;

/// Features by a formula, kinds in turn: what tests/golden/scripts/training.py trains on.
class FormulaTrial final : public test::QuestionTrial {
 public:
  FormulaTrial()
      : QuestionTrial(
            {},
            [](Item& item, Split, std::int64_t index) {
              item.question->answers = {
                  item.question->choices[static_cast<std::size_t>(index % 3)]};
            },
            /*frozen=*/true) {}

  FeatureBatch features(Split, at::IntArrayRef items, std::int64_t) override {
    const auto item = at::tensor(items, at::kFloat).view({-1, 1, 1});
    const auto frame = at::arange(6, at::kFloat).view({1, -1, 1});
    const auto axis = at::arange(8, at::kFloat).view({1, 1, -1});
    return {.values = (0.7 * item + 0.3 * frame + 1.1 * axis).sin(),
            .lengths = at::full({item.size(0)}, 6, at::kLong),
            .spec = feature_spec()};
  }
};

TEST(TrainingLosses, of_a_mapper_before_a_frozen_model_are_those_of_pytorch) {
  std::ifstream file(EARSHOT_SOURCE_DIR "/tests/golden/training_losses.json");
  const auto theirs = nlohmann::json::parse(file).at("losses").get<std::vector<double>>();
  ASSERT_EQ(theirs.size(), 50u);
  FormulaTrial trial;
  const auto evaluator = test::make<audio_qa::AudioQa>({{"batch_size", std::int64_t{60}},
                                                        {"max_steps", std::int64_t{50}},
                                                        {"log_every", std::int64_t{1}},
                                                        {"validate_every", std::int64_t{0}},
                                                        {"lr", 0.02},
                                                        {"warm_up", std::int64_t{5}},
                                                        {"schedule", std::string("cosine")},
                                                        {"clip", 0.5},
                                                        {"standardise", false}});
  const at::NoGradGuard no_grad;
  evaluator->fit(trial);
  const auto& ours = trial.curves.at("train_loss");
  ASSERT_EQ(ours.size(), 50u);
  for (std::size_t step = 0; step < ours.size(); ++step)
    EXPECT_NEAR(ours[step].second / theirs[step], 1, 1e-4) << "step " << step;
  EXPECT_LT(theirs.back(), 0.9 * theirs.front());
}

}  // namespace
