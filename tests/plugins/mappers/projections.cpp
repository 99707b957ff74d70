#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>

#include "mellow.hpp"
#include "mlp.hpp"

namespace {

using namespace earshot;
using namespace projections;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const Context context{.device = c10::kCPU};

template <class T>
T make(std::map<std::string, OptionValue> given = {}) {
  return T(Options(T::options(), given), context);
}

FeatureSpec spec(std::int64_t dim, double rate = 50) {
  return {.frame_rate = rate, .first_frame = 0.01, .dim = dim};
}

/// Clips of 7 and 4 different frames.
FeatureBatch features(std::int64_t dim, double padding = 0) {
  auto values = at::arange(2 * 7 * dim, at::kFloat).view({2, 7, dim}).sin();
  values[1].narrow(0, 4, 3).fill_(padding);
  return {.values = values, .lengths = at::tensor({7, 4}, at::kLong), .spec = spec(dim)};
}

std::int64_t weights(const Mapper& mapper) {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : mapper.parameters())
    count += tensor.numel();
  return count;
}

std::vector<std::int64_t> numbers(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<std::int64_t>(),
          tensor.const_data_ptr<std::int64_t>() + tensor.numel()};
}

TEST(Mlp, is_two_layers_with_the_exact_gelu_between_them) {
  const at::NoGradGuard no_grad;
  auto mlp = make<Mlp>({{"hidden", std::int64_t{5}}});
  EXPECT_EQ(mlp.connect(spec(3), 4), (FeatureSpec{50, 0.01, 4}));
  const auto all = mlp.parameters();
  ASSERT_EQ(all.size(), 4u);
  const auto batch = features(3);
  const auto x = batch.values.to(at::kDouble);
  const auto layer = [&](const at::Tensor& in, std::size_t i) {
    return at::matmul(in, all[i].second.to(at::kDouble).t()) + all[i + 1].second.to(at::kDouble);
  };
  const auto hidden = layer(x, 0);
  const auto expected = layer(0.5 * hidden * (1 + (hidden / std::sqrt(2.0)).erf()), 2);
  EXPECT_LT((mlp.map(batch).values.to(at::kDouble) - expected).abs().max().item<double>(), 1e-6);
}

TEST(Mlp, has_the_weights_asked_for_whatever_the_width_of_the_encoder) {
  for (const std::int64_t width : {20, 512, 768, 1280}) {
    auto mlp = make<Mlp>({{"params", std::int64_t{1000000}}});
    mlp.connect(spec(width), 576);
    EXPECT_NEAR(static_cast<double>(weights(mlp)), 1e6, 2e4) << width;
  }
}

TEST(Mlp, refuses_a_number_of_weights_that_no_width_has) {
  auto mlp = make<Mlp>({{"params", std::int64_t{9000}}});
  EXPECT_THAT([&] { mlp.connect(spec(1280), 576); },
              ThrowsMessage<ConfigError>(HasSubstr("47001 or more")));
  auto enough = make<Mlp>({{"params", std::int64_t{47001}}});
  enough.connect(spec(1280), 576);
  EXPECT_NEAR(static_cast<double>(weights(enough)), 47001, 940);
}

TEST(Mlp, refuses_two_answers_to_one_question) {
  EXPECT_THROW((make<Mlp>({{"params", std::int64_t{9000}}, {"hidden", std::int64_t{9}}})),
               ConfigError);
}

TEST(Mlp, begins_from_the_default_generator) {
  const auto begun = [](std::uint64_t seed) {
    at::manual_seed(seed);
    auto mlp = make<Mlp>();
    mlp.connect(spec(3), 4);
    return mlp.parameters().front().second.detach().clone();
  };
  EXPECT_TRUE(at::equal(begun(1), begun(1)));
  EXPECT_FALSE(at::equal(begun(1), begun(2)));
}

TEST(Mlp, drops_hidden_values_in_training_only) {
  const at::NoGradGuard no_grad;
  auto mlp = make<Mlp>({{"dropout", 0.5}, {"hidden", std::int64_t{64}}});
  mlp.connect(spec(3), 4);
  const auto batch = features(3);
  const auto calm = mlp.map(batch).values;
  EXPECT_TRUE(at::equal(calm, mlp.map(batch).values));
  mlp.train(true);
  EXPECT_FALSE(at::equal(calm, mlp.map(batch).values));
  mlp.train(false);
  EXPECT_TRUE(at::equal(calm, mlp.map(batch).values));
}

TEST(Tokens, are_a_limit_that_never_makes_a_clip_longer) {
  const at::NoGradGuard no_grad;
  auto linear = make<LinearProjection>({{"tokens", std::int64_t{5}}});
  linear.connect(spec(3), 4);
  const auto mapped = linear.map(features(3));
  EXPECT_THAT(numbers(mapped.lengths), ElementsAre(5, 4));
  auto one = make<LinearProjection>({{"tokens", std::int64_t{1}}});
  EXPECT_EQ(one.connect(spec(3), 4).frame_rate, 0);
  EXPECT_EQ(one.map(features(3)).values.size(1), 1);
}

TEST(Merged, frames_keep_their_place_in_time) {
  const auto four = merged_spec(spec(3), 4, Merge::average);
  EXPECT_DOUBLE_EQ(four.frame_rate, 12.5);
  EXPECT_DOUBLE_EQ(four.first_frame, 0.01 + 1.5 / 50);
  EXPECT_EQ(four.dim, 3);
  EXPECT_EQ(merged_spec(spec(3), 4, Merge::stack).dim, 12);
}

TEST(Merged, frames_left_over_count_as_many_as_they_are_whatever_the_padding) {
  for (const double padding : {0.0, 1e6}) {
    const auto batch = features(3, padding);
    const auto mean = merged(batch, 3, Merge::average);
    EXPECT_THAT(numbers(mean.lengths), ElementsAre(3, 2));
    const auto expect = [&](std::int64_t clip, std::int64_t frame, std::int64_t first,
                            std::int64_t count) {
      const auto difference =
          mean.values[clip][frame] - batch.values[clip].narrow(0, first, count).mean(0);
      EXPECT_LT(difference.abs().max().item<double>(), 1e-6) << clip << " " << frame;
    };
    expect(0, 0, 0, 3);
    expect(0, 2, 6, 1);
    expect(1, 1, 3, 1);
    const auto side = merged(batch, 3, Merge::stack).values;
    EXPECT_TRUE(at::equal(side[0][1], batch.values[0].narrow(0, 3, 3).flatten()));
    EXPECT_TRUE(at::equal(side[1][1].narrow(0, 0, 3), batch.values[1][3]));
    EXPECT_EQ(side[1][1].narrow(0, 3, 6).abs().max().item<double>(), 0);
  }
}

TEST(Merged, refuses_features_without_frames) {
  auto mapper = make<PoolMlp>();
  EXPECT_THAT([&] { mapper.connect(spec(3, 0), 4); },
              ThrowsMessage<ConfigError>(HasSubstr("one vector per clip")));
}

TEST(PoolMlp, has_the_weights_asked_for_with_stacked_frames_too) {
  auto mapper = make<PoolMlp>({{"params", std::int64_t{300000}}, {"merge", std::string("stack")}});
  mapper.connect(spec(64), 128);
  EXPECT_NEAR(static_cast<double>(weights(mapper)), 3e5, 6e3);
}

TEST(Mellow, is_normalised_and_residual) {
  const at::NoGradGuard no_grad;
  auto mellow = make<Mellow>({{"pool", std::int64_t{2}}});
  EXPECT_DOUBLE_EQ(mellow.connect(spec(3), 8).frame_rate, 25);
  const auto all = mellow.parameters();
  ASSERT_EQ(all.size(), 4u);
  const auto batch = features(3);
  const auto e1 = at::linear(batch.values, all[0].second);
  const auto sum = e1 + at::linear(at::gelu(e1), all[1].second);
  const auto centred = sum - sum.mean(-1, true);
  const auto frames = centred / (centred.square().mean(-1, true) + 1e-5).sqrt();
  const auto expected = (frames[0][2] + frames[0][3]) / 2;
  EXPECT_LT((mellow.map(batch).values[0][1] - expected).abs().max().item<double>(), 1e-5);
}

TEST(Projections, refuse_features_of_another_width) {
  auto linear = make<LinearProjection>();
  linear.connect(spec(3), 4);
  EXPECT_THROW(linear.map(features(5)), ContractError);
}

}  // namespace
