#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <lib/learn/reduction.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/random.hpp>

namespace {

using namespace earshot::kit;
using earshot::Options;

/// Items that vary along (3, 4) / 5 by 10, across it by 1, and not at all in the third feature.
at::Tensor stretched(std::int64_t items) {
  Random random(5);
  auto x = at::empty({items, 3}, at::kDouble);
  for (std::int64_t i = 0; i < items; ++i) {
    const double along = 10 * random.normal(), across = random.normal();
    x[i][0] = 0.6 * along - 0.8 * across + 7;
    x[i][1] = 0.8 * along + 0.6 * across;
    x[i][2] = 2.5;
  }
  return x;
}

Reduction make(bool standardise, std::int64_t pca) {
  return Reduction(Options(Reduction::options(), {{"standardise", standardise}, {"pca", pca}}));
}

TEST(PrincipalAxes, are_the_directions_of_most_variance_with_a_fixed_sign) {
  const auto axes = PrincipalAxes::of(stretched(2000), 2);
  EXPECT_TRUE(at::allclose(axes.axes[0], at::tensor({0.6, 0.8, 0.0}, at::kDouble), 0, 0.01));
  EXPECT_TRUE(at::allclose(axes.axes[1], at::tensor({0.8, -0.6, 0.0}, at::kDouble), 0, 0.01));
  EXPECT_TRUE(at::allclose(axes.axes.mm(axes.axes.t()), at::eye(2, at::kDouble)));
}

TEST(PrincipalAxes, are_the_same_from_few_items_of_many_features_as_from_their_covariance) {
  Random random(6);
  auto x = at::empty({6, 40}, at::kDouble);
  for (std::int64_t i = 0; i < x.numel(); ++i)
    x.view(-1)[i] = random.normal();
  const auto axes = PrincipalAxes::of(x, 5);
  const auto centred = x - x.mean(0);
  const auto values = std::get<1>(at::linalg_svd(centred, false));
  EXPECT_TRUE(at::allclose(axes.axes.mm(axes.axes.t()), at::eye(5, at::kDouble)));
  EXPECT_TRUE(at::allclose(axes.apply(x).norm(2, {0}), values.narrow(0, 0, 5)));
  EXPECT_GT(axes.axes.gather(1, std::get<1>(axes.axes.abs().max(1, true))).min().item<double>(), 0);
}

TEST(PrincipalAxes, say_in_how_many_directions_items_vary_when_asked_for_more) {
  const auto message = [](const at::Tensor& x, std::int64_t count) -> std::string {
    try {
      PrincipalAxes::of(x, count);
    } catch (const earshot::ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message(stretched(50), 3),
            "pca is 3; allowed: at most 2, the number of directions in which the 3 features of the "
            "50 training items vary");
  EXPECT_THAT(message(stretched(2), 2), testing::HasSubstr("at most 1,"));
  EXPECT_THAT(message(stretched(1), 1), testing::HasSubstr("at most 0,"));
}

TEST(Reduction, scales_before_it_turns_and_treats_frames_as_items) {
  const auto x = stretched(500);
  auto reduction = make(true, 2);
  const auto learnt = reduction.learn(x);
  EXPECT_EQ(learnt.size(1), 2);
  EXPECT_TRUE(at::allclose(learnt.mean(0), at::zeros({2}, at::kDouble), 0, 1e-9));
  EXPECT_TRUE(at::equal(learnt, reduction.apply(x)));
  const auto frames = reduction.apply(x.view({5, 100, 3}).to(at::kFloat));
  EXPECT_EQ(frames.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::allclose(frames.view({500, 2}).to(at::kDouble), learnt, 1e-4, 1e-4));
}

TEST(Reduction, keeps_all_directions_of_narrow_features_where_that_is_asked_for_and_says_so) {
  const auto x = stretched(50);
  Reduction reduction(Options(Reduction::options(),
                              {{"pca", std::int64_t{16}}, {"if_narrower", std::string("keep")}}));
  EXPECT_EQ(reduction.learn(x).size(1), 2);
  EXPECT_EQ(reduction.apply(x).size(1), 2);
  EXPECT_EQ(reduction.shortfall(),
            "the features vary in 2 directions only, fewer than pca = 16: all of them are used");
  auto wide = make(true, 2);
  wide.learn(x);
  EXPECT_EQ(wide.shortfall(), "");
  EXPECT_THROW(make(true, 16).learn(x), earshot::ConfigError);
}

TEST(Reduction, comes_back_from_its_state_and_misses_what_is_not_there) {
  const auto x = stretched(40);
  for (const bool standardise : {false, true})
    for (const std::int64_t pca : {0, 1}) {
      auto reduction = make(standardise, pca);
      const auto learnt = reduction.learn(x);
      earshot::State state;
      reduction.save(state);
      auto loaded = make(standardise, pca);
      loaded.load(state);
      EXPECT_TRUE(at::equal(loaded.apply(x), learnt));
      if (state.tensors.empty()) continue;
      EXPECT_THROW(make(standardise, pca).load({}), earshot::DataError);
    }
}

}  // namespace
