#include "training.hpp"

#include <gmock/gmock.h>

#include <earshot/kit/checkpoint.hpp>

#include "question_trial.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using audio_qa::AudioQa;
using test::Given;
using test::make;
using test::mean;
using test::QuestionTrial;
using test::quick;
using test::run;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Accuracy after a short training.
double accuracy(Given given, QuestionTrial& trial) {
  const auto evaluator = make<AudioQa>(quick(given));
  run(*evaluator, trial);
  return mean(*evaluator, trial, "accuracy");
}

std::vector<double> values(const State& state) {
  std::vector<double> all;
  for (const auto& [name, tensor] : state.tensors) {
    const auto flat = tensor.detach().to(at::kDouble).flatten().contiguous();
    all.insert(all.end(), flat.const_data_ptr<double>(),
               flat.const_data_ptr<double>() + flat.numel());
  }
  return all;
}

TEST(AudioQa, learns_from_audio_what_it_cannot_learn_blind) {
  QuestionTrial heard, blind, oracle;
  EXPECT_GT(accuracy({}, heard), 0.9);
  EXPECT_LT(accuracy({{"input", std::string("none")}}, blind), 0.55);
  EXPECT_GT(accuracy({{"input", std::string("labels")}}, oracle), 0.95);
  EXPECT_GT(heard.reports().at("trained_weights"), 1000);
  EXPECT_EQ(heard.reports().at("train_steps"), 150);
}

TEST(AudioQa, learns_nothing_from_replacements_of_the_audio) {
  for (const std::string input : {"noise", "other_clip"}) {
    QuestionTrial trial;
    EXPECT_LT(accuracy({{"input", input}}, trial), 0.6) << input;
  }
}

TEST(AudioQa, requests_features_only_if_it_reads_them) {
  const auto uses = make<AudioQa>({{"input", std::string("none")}})->uses();
  EXPECT_FALSE(uses.features || uses.mapper || uses.audio);
  EXPECT_TRUE(uses.language_model);
  EXPECT_TRUE(make<AudioQa>({})->uses().features);
  EXPECT_TRUE(make<AudioQa>({{"input", std::string("labels")}})->uses().mapper);
}

TEST(AudioQa, reads_captions_as_text) {
  // A text with distinct letters for each kind: the small model receives their mean.
  QuestionTrial trial({}, [](Item& item, Split, std::int64_t) {
    const auto kind = std::get<std::string>(item.labels.at("kind"));
    item.labels["caption"] = kind == "low"    ? "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                             : kind == "high" ? "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
                                              : "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
  });
  EXPECT_GT(accuracy({{"input", std::string("caption")}}, trial), 0.9);
  QuestionTrial without;
  const auto evaluator = make<AudioQa>(quick({{"input", std::string("caption")}}));
  EXPECT_THAT([&] { run(*evaluator, without); }, ThrowsMessage<DataError>(HasSubstr("'caption'")));
}

TEST(AudioQa, maps_principal_axes_by_a_mapper_of_their_width) {
  QuestionTrial trial;
  EXPECT_GT(accuracy({{"pca", std::int64_t{6}}}, trial), 0.6);
  EXPECT_EQ(trial.parts().mapper.parameters()[0].second.size(1), 6);
}

TEST(AudioQa, that_is_stopped_at_any_step_resumes_with_the_same_bits) {
  const Given given = quick({{"max_steps", std::int64_t{40}},
                             {"validate_every", std::int64_t{10}},
                             {"checkpoint_every", std::int64_t{0}},
                             {"warm_up", std::int64_t{5}},
                             {"schedule", std::string("cosine")},
                             {"prefix", std::int64_t{2}},
                             {"accumulate", std::int64_t{2}}});
  QuestionTrial undisturbed;
  const auto first = make<AudioQa>(given);
  run(*first, undisturbed);
  for (const std::int64_t step : {0, 1, 17, 30, 39}) {
    SCOPED_TRACE(step);
    const at::NoGradGuard no_grad;
    QuestionTrial stopped({.stop_after = step}), rest;
    make<AudioQa>(given)->fit(stopped);
    rest.continue_from(stopped);
    const auto second = make<AudioQa>(given);
    run(*second, rest);
    EXPECT_EQ(values(first->state()), values(second->state()));
    EXPECT_EQ(values(undisturbed.parts().mapper.state()), values(rest.parts().mapper.state()));
    EXPECT_EQ(values(undisturbed.parts().language_model.state()),
              values(rest.parts().language_model.state()));
    EXPECT_EQ(undisturbed.reports(), rest.reports());
    for (const auto& [item, prediction] : undisturbed.predictions())
      EXPECT_EQ(prediction.output, rest.predictions().at(item).output);
  }
}

TEST(AudioQa, that_is_stopped_while_predicting_resumes_with_the_same_answers) {
  const Given given = quick({{"max_steps", std::int64_t{3}}, {"predict_batch", std::int64_t{1}}});
  QuestionTrial undisturbed;
  const auto evaluator = make<AudioQa>(given);
  run(*evaluator, undisturbed);
  const at::NoGradGuard no_grad;
  QuestionTrial stopped({.stop_after = 13}), rest;
  for (auto* trial : {&stopped, &rest}) {
    trial->parts().mapper.load_state(undisturbed.parts().mapper.state());
    trial->parts().language_model.load_state(undisturbed.parts().language_model.state());
  }
  evaluator->predict(stopped);
  EXPECT_LT(stopped.predictions().size(), 30u);
  rest.continue_from(stopped);
  evaluator->predict(rest);
  ASSERT_EQ(rest.predictions().size(), 30u);
  for (const auto& [item, prediction] : undisturbed.predictions())
    EXPECT_EQ(prediction.output, rest.predictions().at(item).output);
}

TEST(AudioQa, keeps_the_state_that_was_best_on_validation_items) {
  // Training answers are wrong: more training makes the result worse.
  const auto wrong = [](Item& item, Split split, std::int64_t) {
    if (split != Split::train) return;
    item.question->answers = {item.question->answers[0] == "low" ? "middle" : "low"};
  };
  QuestionTrial trial({}, wrong);
  const auto evaluator = make<AudioQa>(quick({{"max_steps", std::int64_t{200}},
                                              {"validate_every", std::int64_t{5}},
                                              {"patience", std::int64_t{4}}}));
  run(*evaluator, trial);
  EXPECT_LT(trial.reports().at("train_steps"), 200);
  const auto& losses = trial.curves.at("validation_loss");
  ASSERT_GE(losses.size(), 5u);
  double best = losses.front().second;
  for (const auto& [step, loss] : losses)
    best = std::min(best, loss);
  EXPECT_EQ(trial.reports().at("validation_loss"), best);
  EXPECT_GT(losses.back().second, best);
}

TEST(AudioQa, treats_several_batches_of_a_step_as_one) {
  const auto losses = [](std::int64_t batch, std::int64_t accumulate) {
    QuestionTrial trial;
    const auto evaluator = make<AudioQa>(quick({{"batch_size", batch},
                                                {"accumulate", accumulate},
                                                {"bucket", std::int64_t{1}},
                                                {"max_steps", std::int64_t{3}},
                                                {"log_every", std::int64_t{1}}}));
    const at::NoGradGuard no_grad;
    evaluator->fit(trial);
    std::vector<double> all;
    for (const auto& [step, loss] : trial.curves.at("train_loss"))
      all.push_back(loss);
    return all;
  };
  // Three batches of 20 cover all 60 training items, like one batch of 60.
  const auto whole = losses(60, 1), parts = losses(20, 3);
  EXPECT_THAT(parts, ::testing::Pointwise(::testing::DoubleNear(1e-4), whole));
  EXPECT_LT(whole[2], whole[0]);
}

TEST(AudioQa, begins_with_the_mean_loss_of_answer_tokens) {
  QuestionTrial trial;
  const auto given = quick({{"batch_size", std::int64_t{60}},
                            {"max_steps", std::int64_t{1}},
                            {"log_every", std::int64_t{1}},
                            {"standardise", false}});
  const auto evaluator = make<AudioQa>(given);
  const at::NoGradGuard no_grad;
  double loss = 0, tokens = 0;
  test::Parts parts;
  const audio_qa::Format format{Options(AudioQa::options(), given)};
  for (std::int64_t i = 0; i < 60; ++i) {
    const auto item = trial.item(Split::train, i);
    const auto mapped = parts.mapper.map(trial.features(Split::train, i, 0));
    const std::vector<Prompt> prompts{
        format.prompt(item, {.clips = {Embeddings{mapped.values[0]}}})};
    const std::vector<std::string> answers{" " + item.question->answers[0]};
    const auto likelihood = parts.language_model.log_prob(prompts, answers);
    loss -= likelihood.log_prob.item<double>();
    tokens += likelihood.tokens.item<double>();
  }
  evaluator->fit(trial);
  EXPECT_NEAR(trial.curves.at("train_loss")[0].second, loss / tokens, 1e-5);
}

TEST(AudioQa, says_why_a_training_that_diverges_ends) {
  QuestionTrial trial;
  const auto evaluator = make<AudioQa>(quick({{"lr", 1e30}, {"clip", 0.0}}));
  EXPECT_THAT([&] { run(*evaluator, trial); },
              ThrowsMessage<ConfigError>(
                  ::testing::AllOf(HasSubstr("training diverged"), HasSubstr("Lower lr"))));
}

TEST(AudioQa, names_the_item_whose_question_is_longer_than_the_context) {
  const auto lengthen = [](Split which) {
    return [which](Item& item, Split split, std::int64_t index) {
      if (split == which && index == 7) item.question->text = std::string(2000, 'x');
    };
  };
  for (const auto& [split, id] : {std::pair{Split::train, "train7"}, {Split::test, "test7"}}) {
    QuestionTrial trial({}, lengthen(split));
    const auto evaluator = make<AudioQa>(quick({{"max_steps", std::int64_t{4}}}));
    EXPECT_THAT([&] { run(*evaluator, trial); },
                ThrowsMessage<DataError>(HasSubstr("item '" + std::string(id) + "'")));
  }
}

TEST(AudioQa, refuses_to_balance_by_a_slice_that_items_lack) {
  QuestionTrial trial;
  const auto evaluator = make<AudioQa>(quick({{"balance", std::string("category")}}));
  EXPECT_THAT([&] { run(*evaluator, trial); },
              ThrowsMessage<ConfigError>(HasSubstr("lacks this slice")));
  QuestionTrial halves;
  EXPECT_GT(accuracy({{"balance", std::string("half")}}, halves), 0.8);
}

TEST(AudioQa, answers_with_a_checkpoint_like_the_model_that_wrote_it) {
  const at::NoGradGuard no_grad;
  const auto given = quick();
  QuestionTrial trained;
  const auto evaluator = make<AudioQa>(given);
  run(*evaluator, trained);
  // In the format of the host's fit.state.
  State all;
  audio_qa::add_part(all, "evaluator/", evaluator->state());
  audio_qa::add_part(all, "components/mapper/", trained.parts().mapper.state());
  audio_qa::add_part(all, "components/language_model/", trained.parts().language_model.state());
  const earshot::testing::TemporaryFolder folder;
  const auto file = folder / "fit.state";
  kit::save_safetensors(file, all.tensors, all.text);

  auto with = given;
  with["checkpoint"] = Path{file};
  QuestionTrial fresh;
  for (auto& [name, tensor] : fresh.parts().mapper.parameters())
    at::Tensor(tensor).zero_();
  const auto loaded = make<AudioQa>(with);
  EXPECT_FALSE(loaded->uses().seed);
  run(*loaded, fresh);
  for (const auto& [item, prediction] : trained.predictions())
    EXPECT_EQ(prediction.output, fresh.predictions().at(item).output);

  kit::save_safetensors(file, {{"x", at::zeros({2})}});
  QuestionTrial other;
  EXPECT_THAT([&] { make<AudioQa>(with)->fit(other); },
              ThrowsMessage<DataError>(HasSubstr("not the state of an audio_qa cell")));
}

TEST(AudioQa, trains_nothing_if_nothing_can_be_trained) {
  QuestionTrial trial({}, {}, /*frozen=*/true);
  const auto evaluator =
      make<AudioQa>(quick({{"input", std::string("none")}, {"prefix", std::int64_t{0}}}));
  run(*evaluator, trial);
  EXPECT_EQ(trial.reports().at("trained_weights"), 0);
  EXPECT_EQ(trial.predictions().size(), 30u);
}

TEST(AudioQa, trains_a_mapper_before_a_frozen_model) {
  QuestionTrial trial({}, {}, /*frozen=*/true);
  const auto evaluator = make<AudioQa>(quick({{"log_every", std::int64_t{1}}}));
  run(*evaluator, trial);
  const auto& losses = trial.curves.at("train_loss");
  EXPECT_LT(losses.back().second, 0.8 * losses.front().second);
}

}  // namespace
