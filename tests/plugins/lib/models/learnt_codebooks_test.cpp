#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/models/learnt_codebooks.hpp>

#include <earshot/kit/testing.hpp>

#include "noise.hpp"
#include "training_case.hpp"

namespace {

using earshot::NamedTensors;
using earshot::kit::LearntCodebooks;

constexpr std::int64_t book_size = 8, book_width = 3;

NamedTensors random_codebooks(std::int64_t levels) {
  NamedTensors all;
  for (std::int64_t level = 0; level < levels; ++level)
    all.emplace_back("level" + std::to_string(level),
                     noise({book_size, book_width}, static_cast<std::uint64_t>(level + 1)));
  return all;
}

at::Tensor all_levels(std::int64_t clips, std::int64_t levels) {
  return at::full({clips}, levels, at::kLong);
}

TEST(LearntCodebooks, are_the_quotients_of_moving_averages_of_sums_and_counts) {
  constexpr double decay = 0.9;
  const auto given = random_codebooks(1);
  const auto start = given[0].second.clone();
  LearntCodebooks codebooks(given, "", {.decay = decay, .revive = 0, .random = false});
  // As in van den Oord et al. 2017, appendix A.1, from as many frames as the first step has.
  at::Tensor count, sum;
  auto expected = start.to(at::kDouble);
  for (std::int64_t step = 0; step < 6; ++step) {
    const auto x = noise({2, 40, book_width}, 10 + static_cast<std::uint64_t>(step));
    const auto rows = x.flatten(0, 1).to(at::kDouble);
    const auto nearest = (rows.unsqueeze(1) - expected).square().sum(2).argmin(1);
    const auto chosen = at::one_hot(nearest, book_size).to(at::kDouble);
    const auto number = chosen.sum(0);
    if (step == 0) {
      count = at::full_like(number, number.mean().item<double>());
      sum = expected * count.unsqueeze(1);
    }
    count = decay * count + (1 - decay) * number;
    sum = decay * sum + (1 - decay) * chosen.t().mm(rows);
    expected = sum / count.unsqueeze(1);
    codebooks.quantise(x, all_levels(2, 1), step, true);
    codebooks.finish_step(step);
    EXPECT_LE((given[0].second - expected).abs().max().item<double>(), 1e-5) << step;
  }
  EXPECT_GT((given[0].second - start).abs().max().item<double>(), 0.05);
}

TEST(LearntCodebooks, of_random_weights_begin_with_frames) {
  at::manual_seed(1);
  const auto given = random_codebooks(2);
  LearntCodebooks codebooks(given, "", {.revive = 2});
  codebooks.start_after(3);
  // Eight clouds far from all random entries.
  const auto centres = noise({book_size, book_width}, 5) * 10 + 100;
  const auto x = centres.repeat({2, 8, 1}) + noise({2, 8 * book_size, book_width}, 6) * 0.1;
  for (std::int64_t step = 0; step < 20; ++step) {
    const auto made = codebooks.quantise(x, all_levels(2, 2), step, true);
    EXPECT_EQ(at::equal(made.values, x), step < 4) << "the first steps pass their input on";
    EXPECT_EQ(made.commitment.sum().item<double>() == 0, step < 4);
    codebooks.finish_step(step);
  }
  const auto both = codebooks.quantise(x, all_levels(2, 2), 20, false);
  const auto first = codebooks.quantise(x, all_levels(2, 1), 20, false);
  const auto error = [&](const LearntCodebooks::Quantised& made) {
    return (made.values - x).square().mean().item<double>();
  };
  EXPECT_LT(error(first), 0.015) << "0.01 within a cloud";
  EXPECT_LT(error(both), 0.8 * error(first));
  EXPECT_GT((both.numbers > 0).sum(1).min().item<std::int64_t>(), book_size / 2);
}

TEST(LearntCodebooks, move_an_entry_that_nothing_uses_to_a_frame) {
  at::manual_seed(1);
  const auto given = random_codebooks(2);
  given[0].second[3].fill_(1000);
  LearntCodebooks codebooks(given, "", {.revive = 2, .random = false});
  for (std::int64_t step = 0; step < 6; ++step) {
    codebooks.quantise(noise({2, 40, book_width}, 10 + static_cast<std::uint64_t>(step)),
                       all_levels(2, 2), step, true);
    codebooks.finish_step(step);
  }
  EXPECT_LT(given[0].second[3].abs().max().item<double>(), 10);
}

TEST(LearntCodebooks, pass_gradients_on_and_draw_the_input_to_their_entries) {
  const auto given = random_codebooks(2);
  LearntCodebooks codebooks(given, "", {.random = false});
  const at::AutoGradMode grad(true);
  auto x = noise({3, 5, book_width}, 4).requires_grad_(true);
  const auto levels = at::tensor({2, 1, 0}, at::kLong);
  const auto made = codebooks.quantise(x, levels, 0, false);
  const auto factor = noise({3, 5, book_width}, 8);
  (made.values * factor).sum().backward();
  EXPECT_TRUE(at::equal(x.grad().narrow(0, 0, 2), factor.narrow(0, 0, 2)));
  EXPECT_EQ(x.grad()[2].abs().max().item<double>(), 0) << "no level, no gradient";
  EXPECT_EQ(made.values[2].abs().max().item<double>(), 0);

  x.mutable_grad().reset();
  made.commitment.sum().backward();
  const auto& first = given[0].second;
  const auto nearest = (x.detach()[1].unsqueeze(1) - first).square().sum(2).argmin(1);
  const auto apart = x.detach()[1] - first.index_select(0, nearest);
  EXPECT_NEAR(made.commitment[1].item<double>(), apart.square().mean().item<double>(), 1e-5);
  EXPECT_LE((x.grad()[1] - 2 * apart / (5 * book_width)).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(made.commitment[2].item<double>(), 0);
}

TEST(LearntCodebooks, learn_from_the_levels_that_clips_have_only) {
  const auto given = random_codebooks(2);
  LearntCodebooks codebooks(given, "", {.random = false});
  codebooks.quantise(noise({3, 5, book_width}, 4), at::tensor({2, 1, 0}, at::kLong), 0, true);
  const auto numbers = codebooks.step_sums()[0];
  EXPECT_EQ(numbers[0].sum().item<double>(), 10);
  EXPECT_EQ(numbers[1].sum().item<double>(), 5);
  codebooks.quantise(noise({3, 5, book_width}, 4), all_levels(3, 2), 0, false);
  EXPECT_EQ(numbers.sum().item<double>(), 15) << "nothing is counted outside of training";
}

TEST(LearntCodebooks, go_on_from_what_they_store_with_the_same_bits) {
  at::manual_seed(1);
  const auto ours = random_codebooks(2), theirs = random_codebooks(2);
  LearntCodebooks whole(ours, "q.", {.revive = 1}), resumed(theirs, "q.", {.revive = 1});
  const auto step = [](LearntCodebooks& codebooks, std::int64_t number) {
    codebooks.quantise(noise({2, 20, book_width}, static_cast<std::uint64_t>(number)),
                       all_levels(2, 2), number, true);
    at::manual_seed(static_cast<std::uint64_t>(number));
    codebooks.finish_step(number);
  };
  for (std::int64_t number = 0; number < 3; ++number)
    step(whole, number);
  const auto from = whole.stored(), to = resumed.stored();
  for (std::size_t i = 0; i < from.size(); ++i) {
    ASSERT_EQ(from[i].first, to[i].first);
    at::Tensor(to[i].second).copy_(from[i].second);
  }
  resumed.loaded();
  for (std::int64_t number = 3; number < 6; ++number)
    for (auto* codebooks : {&whole, &resumed})
      step(*codebooks, number);
  for (std::size_t level = 0; level < 2; ++level)
    EXPECT_TRUE(at::equal(ours[level].second, theirs[level].second));
}

/// A VQ with commitment loss in front of a flow-matching decoder, whose codebook is trained too.
class VqFixture : public earshot::testing::TrainingCase {
 protected:
  VqFixture() : TrainingCase("cfm_train") {}

  void SetUp() override {
    TrainingCase::SetUp();
    if (IsSkipped()) return;
    const earshot::kit::Checkpoint start(folder / "model.safetensors");
    const auto layer = [&](const at::Tensor& x, const std::string& name) {
      return at::conv1d(x, start.get(name + ".weight"), start.get(name + ".bias"), 1, 1);
    };
    const auto mask = golden("in/mask");
    const auto latents = golden("in/latents")[0] * mask;
    encoded = layer(at::gelu(layer(latents, "vq.enc_in")), "vq.enc_out").transpose(1, 2);
    lengths = mask.sum({1, 2}).to(at::kLong);
    codebook = start.get("vq.codebook").clone();
  }

  at::Tensor encoded{}, codebook{};  ///< float32 (B, T, D), (entries, D)
  at::Tensor lengths{};              ///< int64 (B)
};

TEST_F(VqFixture, has_the_codes_and_the_commitment_of_the_first_step) {
  LearntCodebooks codebooks({{"codebook", codebook}}, "", {.random = false});
  const auto codes = golden("out/flow/codes_step0");
  double commitment = 0;  // the mean over all frames that are not padding
  for (std::int64_t clip = 0; clip < encoded.size(0); ++clip) {
    const auto length = lengths[clip].item<std::int64_t>();
    const auto made = codebooks.quantise(encoded.narrow(0, clip, 1).narrow(1, 0, length),
                                         all_levels(1, 1), 0, false);
    EXPECT_LE(difference(made.values[0], at::embedding(codebook, codes[clip].narrow(0, 0, length))),
              1e-6);
    commitment += made.commitment.item<double>() * static_cast<double>(length);
  }
  EXPECT_NEAR(commitment / lengths.sum().item<double>(),
              golden("out/flow/step/commitment")[0].item<double>(),
              tolerance("out/flow/step/commitment"));
}

}  // namespace
