#include "evaluators/token_lm/token_lm.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>

#include "memory_trial.hpp"

namespace token_lm {
namespace {

using earshot::Numbers;
using earshot::Split;
using earshot::kit::Random;
using testing::HasSubstr;
using testing::ThrowsMessage;

using Clips = std::vector<at::Tensor>;  ///< codes int64 (Q, T)

/// Codes at 10 frames per second.
class CodesTrial final : public earshot::test::MemoryTrial {
 public:
  CodesTrial(std::vector<std::int64_t> sizes, const Clips& train, const Clips& validation,
             const Clips& test)
      : MemoryTrial({}, {}, items(train), items(test), items(validation)),
        spec_{.frame_rate = 10, .sizes = std::move(sizes)},
        clips_{train, validation, test} {}

  earshot::CodeBatch codes(Split split, at::IntArrayRef items, std::int64_t) override {
    const auto& clips = clips_[static_cast<std::size_t>(split)];
    std::vector<std::int64_t> lengths;
    for (const auto i : items)
      lengths.push_back(clips.at(static_cast<std::size_t>(i)).size(1));
    auto all = at::zeros(
        {std::ssize(lengths), spec_.codebooks(), *std::max_element(lengths.begin(), lengths.end())},
        at::kLong);
    for (std::size_t b = 0; b < lengths.size(); ++b)
      all[static_cast<std::int64_t>(b)]
          .narrow(1, 0, lengths[b])
          .copy_(clips[static_cast<std::size_t>(items[b])]);
    return {.codes = all, .lengths = at::tensor(lengths), .spec = spec_};
  }

  earshot::CodeSpec spec_;

 private:
  static std::vector<Example> items(const Clips& clips) {
    std::vector<Example> all;
    for (std::size_t i = 0; i < clips.size(); ++i)
      all.push_back({.item = {.id = std::to_string(i)}});
    return all;
  }
  std::array<Clips, 3> clips_;
};

Clips drawn(std::int64_t count, std::uint64_t seed,
            const std::function<at::Tensor(Random&)>& draw) {
  Clips clips;
  for (std::int64_t i = 0; i < count; ++i) {
    Random random(earshot::kit::derive(seed, "clip", i));
    clips.push_back(draw(random));
  }
  return clips;
}

CodesTrial trial_of(const std::vector<std::int64_t>& sizes,
                    const std::function<at::Tensor(Random&)>& draw) {
  return {sizes, drawn(64, 1, draw), drawn(16, 2, draw), drawn(32, 3, draw)};
}

/// One codebook of 16 entries, all of them equally likely.
at::Tensor random_codes(Random& random, std::int64_t frames = 64) {
  auto codes = at::empty({1, frames}, at::kLong);
  for (std::int64_t t = 0; t < frames; ++t)
    codes[0][t] = random.below(16);
  return codes;
}

/// 0, 1, ... 7, 0, 1, ... from anywhere.
at::Tensor cycle(Random& random, std::int64_t frames = 64) {
  return at::arange(frames, at::kLong).add(random.below(8)).remainder(8).view({1, frames});
}

TokenLm make(std::map<std::string, earshot::OptionValue> given = {}) {
  given.insert({{"width", std::int64_t{32}},
                {"layers", std::int64_t{2}},
                {"heads", std::int64_t{2}},
                {"max_steps", std::int64_t{100}},
                {"validate_every", std::int64_t{20}},
                {"lr", 3e-3}});
  return {earshot::Options(TokenLm::options(), given), {.device = at::kCPU}};
}

Numbers scores(CodesTrial& trial, TokenLm evaluator) {
  evaluator.fit(trial);
  const at::NoGradGuard no_grad;
  evaluator.predict(trial);
  return numbers_of(evaluator, trial);
}

TEST(TokenLm, gives_random_codes_the_bits_of_their_codebook) {
  auto trial = trial_of({16}, [](Random& random) { return random_codes(random); });
  const auto found = scores(trial, make());
  EXPECT_NEAR(found.at("bits_per_token"), 4, 0.06);
  EXPECT_NEAR(found.at("perplexity"), 16, 0.7);
  EXPECT_NEAR(found.at("bits_per_second"), 10 * found.at("bits_per_token"), 1e-9);
}

TEST(TokenLm, gives_a_cycle_no_bits_but_those_of_where_it_begins) {
  auto trial = trial_of({8}, [](Random& random) { return cycle(random); });
  const auto found = scores(trial, make());
  EXPECT_GT(found.at("bits_per_token"), 0.9 * 3 / 64);  // three bits for the first code
  EXPECT_LT(found.at("bits_per_token"), 0.1);
}

TEST(TokenLm, predicts_a_codebook_from_the_coarser_one_of_its_frame) {
  const auto repeated = [](Random& random) {
    return random_codes(random, 32).expand({2, 32}).contiguous();
  };
  auto both = trial_of({16, 16}, repeated), first = trial_of({16, 16}, repeated);
  // Half of the codes cost four bits, the others none: all but learnt after so few steps.
  EXPECT_NEAR(scores(both, make()).at("bits_per_token"), 2, 0.25);
  const auto alone = scores(first, make({{"levels", std::int64_t{1}}}));
  EXPECT_NEAR(alone.at("bits_per_token"), 4, 0.1);
}

TEST(TokenLm, reads_clips_longer_than_its_context_in_stretches_and_counts_each_code_once) {
  const auto repeat = [](Random& random) { return cycle(random, 301); };
  auto trial = trial_of({8}, repeat);
  const auto found = scores(trial, make({{"context", std::int64_t{32}}}));
  EXPECT_LT(found.at("bits_per_token"), 0.1);
  EXPECT_EQ(trial.predictions.front().measures.at("tokens"), 301);
  EXPECT_NEAR(trial.predictions.front().measures.at("seconds"), 30.1, 1e-9);
}

TEST(TokenLm, untrained_needs_the_bits_that_are_stored) {
  for (const std::int64_t context : {2, 3, 7, 64}) {
    auto trial = trial_of({16, 4}, [](Random& random) {
      return random_codes(random, 20).remainder(4).expand({2, 20}).contiguous();
    });
    const auto found = scores(trial, make({{"max_steps", std::int64_t{0}}, {"context", context}}));
    EXPECT_NEAR(found.at("bits_per_token"), 3, 1e-5);
    EXPECT_NEAR(found.at("bits_per_second"), trial.spec_.bits_per_second(), 1e-4);
  }
}

TEST(TokenLm, leaves_out_bits_per_second_where_codes_have_no_rate) {
  auto trial = trial_of({16}, [](Random& random) { return random_codes(random, 1); });
  trial.spec_.frame_rate = 0;
  const auto found = scores(trial, make({{"max_steps", std::int64_t{2}}}));
  EXPECT_EQ(found.count("bits_per_second"), 0U);
  EXPECT_EQ(found.count("bits_per_token"), 1U);
}

TEST(TokenLm, predicts_the_same_from_its_state) {
  auto trial = trial_of({8}, [](Random& random) { return cycle(random, 12); });
  auto fitted = make({{"max_steps", std::int64_t{5}}}), loaded = make();
  fitted.fit(trial);
  loaded.load_state(fitted.state());
  const at::NoGradGuard no_grad;
  fitted.predict(trial);
  const auto before = std::exchange(trial.predictions, {});
  loaded.predict(trial);
  ASSERT_EQ(before.size(), trial.predictions.size());
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_EQ(before[i].measures, trial.predictions[i].measures);
}

TEST(TokenLm, says_what_it_lacks) {
  CodesTrial none({8}, {}, {}, {});
  EXPECT_THAT([&] { make().fit(none); },
              ThrowsMessage<earshot::DataError>(HasSubstr("there are no training items")));
  auto trial = trial_of({8}, [](Random& random) { return cycle(random, 4); });
  EXPECT_THAT(
      [&] {
        make({{"levels", std::int64_t{2}}}).fit(trial);
      },
      ThrowsMessage<earshot::ConfigError>(HasSubstr("levels is 2; allowed: 1 to 1")));
  EXPECT_THROW(make({{"width", std::int64_t{30}}, {"heads", std::int64_t{4}}}),
               earshot::ConfigError);
  EXPECT_THAT([&] { make().load_state({}); },
              ThrowsMessage<earshot::DataError>(HasSubstr("no whole numbers 'sizes'")));
  CodesTrial other({8, 8}, {}, {}, {at::zeros({2, 4}, at::kLong)});
  auto fitted = make({{"max_steps", std::int64_t{1}}});
  fitted.fit(trial);
  EXPECT_THROW(fitted.predict(other), earshot::ContractError);
}

}  // namespace
}  // namespace token_lm
