#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <lib/learn/lbfgs.hpp>
#include <lib/learn/linear.hpp>

#include <earshot/kit/random.hpp>

namespace {

using namespace earshot::kit;

at::Tensor normal(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  Random random(seed);
  auto tensor = at::empty({rows, columns}, at::kDouble);
  for (std::int64_t i = 0; i < rows * columns; ++i)
    tensor.mutable_data_ptr<double>()[i] = random.normal();
  return tensor;
}

TEST(Lbfgs, finds_the_minimum_of_rosenbrocks_valley) {
  const auto valley = [](std::span<const double> x, std::span<double> gradient) {
    const auto a = 1 - x[0], b = x[1] - x[0] * x[0];
    gradient[0] = -2 * a - 400 * x[0] * b;
    gradient[1] = 200 * b;
    return a * a + 100 * b * b;
  };
  std::vector<double> x = {-1.2, 1};
  const auto result = minimise(valley, x, {.tolerance = 1e-8});
  EXPECT_TRUE(result.converged);
  EXPECT_LT(result.iterations, 60);
  EXPECT_THAT(x, testing::ElementsAre(testing::DoubleNear(1, 1e-6), testing::DoubleNear(1, 1e-6)));
}

TEST(Logistic, is_where_the_gradient_of_its_objective_is_zero) {
  const auto x = normal(80, 5, 1);
  const auto classes = (x.select(1, 0) > 0).to(at::kLong) + (x.select(1, 1) > 0.5).to(at::kLong);
  const auto y = at::one_hot(classes, 3).to(at::kDouble);
  for (const auto link : {Link::softmax, Link::sigmoid}) {
    const double c = 0.7;
    const auto model = fit_logistic(x, y, c, link);
    const auto outputs = model.outputs(x);
    const auto residual = (link == Link::softmax ? outputs.softmax(1) : outputs.sigmoid()) - y;
    const auto gradient = c * at::mm(residual.t(), x) + model.weight;
    EXPECT_LT(gradient.abs().max().item<double>(), 1e-3);
    EXPECT_LT(residual.sum(0).abs().max().item<double>(), 2e-3);
    const auto again = fit_logistic(x, y, c, link, model);
    EXPECT_TRUE(at::allclose(again.weight, model.weight, 0, 1e-3));
  }
}

TEST(Ridge, is_where_the_gradient_is_zero_with_more_or_fewer_columns_than_rows) {
  for (const std::int64_t columns : {4, 50}) {
    const auto x = normal(20, columns, 2), y = normal(20, 2, 3) + 5;
    const double c = 0.3;
    const auto model = Ridge(x, y).fit(c);
    const auto residual = model.outputs(x) - y;
    EXPECT_LT((c * at::mm(residual.t(), x) + model.weight).abs().max().item<double>(), 1e-9);
    EXPECT_LT(residual.sum(0).abs().max().item<double>(), 1e-9);
  }
}

const at::Tensor few =
    at::tensor({-2.5, 2.0, 0.0, 2.5, -0.5, 1.0, 2.0, 2.5, -1.0, 1.5, 0.0, 2.0}, at::kDouble)
        .view({4, 3});
const at::Tensor three_columns =
    at::tensor({1.0, 0.0, 3.0, 2.0, -1.0, 0.5, 4.0, 2.0, 2.0, -3.0, 5.0, 1.0}, at::kDouble)
        .view({4, 3});
const at::Tensor three_c = at::tensor({0.5, 2.0, 10.0}, at::kDouble);

// Expected values, here and for fewer items than features, in Python:
//   m = sklearn.linear_model.Ridge(alpha=1 / np.array([0.5, 2, 10])).fit(x, y)
//   print(m.coef_, m.intercept_)
TEST(Ridge, fits_each_column_with_a_c_of_its_own_like_scikit_learn) {
  const auto model = Ridge(few, three_columns).fit(three_c);
  const auto weight = at::tensor({0.33177914, 0.20662577, -1.36392638, 0.5632506, 2.00270216,
                                  2.36869496, -0.27825244, 0.41790341, -0.03402768},
                                 at::kDouble)
                          .view({3, 3});
  const auto bias = at::tensor({1.18503067, -2.17989392, 1.46758131}, at::kDouble);
  EXPECT_TRUE(at::allclose(model.weight, weight, 0, 1e-8)) << model.weight;
  EXPECT_TRUE(at::allclose(model.bias, bias, 0, 1e-8)) << model.bias;
}

TEST(Ridge, fits_fewer_items_than_features_like_scikit_learn) {
  const auto product = (few.select(1, 0) * few.select(1, 1)).unsqueeze(1);
  const auto model = Ridge(at::cat({few, product, few.square()}, 1), three_columns).fit(three_c);
  const auto weight =
      at::tensor(
          {0.30789822,  0.00355659, -0.26748202, 0.24330331,  0.6052635,   0.27478004, -0.51999831,
           -0.33702247, 0.1517271,  0.19215443,  0.12006968,  -0.81280958, 0.01180016, 0.59321882,
           -0.22140464, 0.13385774, -0.03959357, -0.07579389, -0.08789749, 0.1961788,  0.0117228},
          at::kDouble)
          .view({3, 7});
  const auto bias = at::tensor({-1.84166701, 4.47385338, 1.56044844}, at::kDouble);
  EXPECT_TRUE(at::allclose(model.weight, weight, 0, 1e-8)) << model.weight;
  EXPECT_TRUE(at::allclose(model.bias, bias, 0, 1e-8)) << model.bias;
}

TEST(Ridge, gives_no_weight_to_constant_features_nor_for_constant_columns) {
  auto x = normal(20, 3, 8), y = normal(20, 2, 9);
  x.select(1, 1).fill_(0.1);
  y.select(1, 1).fill_(0.1);  // whose mean may differ from it by rounding
  const auto model = Ridge(x, y).fit(1e12);
  EXPECT_LT(model.weight.select(1, 1).abs().max().item<double>(), 1e-9);
  EXPECT_GT(model.weight[0].abs().max().item<double>(), 1e-3);
  EXPECT_EQ(model.weight[1].abs().max().item<double>(), 0);
  const auto constant = Ridge(at::ones({20, 3}, at::kDouble), y).fit(1);
  EXPECT_EQ(constant.weight.abs().max().item<double>(), 0);
  EXPECT_TRUE(at::equal(constant.bias, y.mean(0)));
}

TEST(Svm, finds_the_widest_street_between_two_points) {
  // Points -1 and 3: w = 0.5, b = -0.5, both with margin 1, dual weight 0.125.
  const auto x = at::tensor({-1.0, 3.0}, at::kDouble).view({2, 1});
  const std::vector<double> y = {-1, 1};
  const auto model = fit_svm(x, y, 10);
  EXPECT_NEAR(model.weight.item<double>(), 0.5, 1e-3);
  EXPECT_NEAR(model.bias.item<double>(), -0.5, 1e-3);
}

double svm_objective(const at::Tensor& x, const std::vector<double>& y, double c,
                     const at::Tensor& weight, const at::Tensor& bias) {
  const auto margin = at::tensor(y) * (at::mv(x, weight) + bias);
  return c * (1 - margin).clamp_min(0).sum().item<double>() +
         weight.square().sum().item<double>() / 2;
}

TEST(Svm, is_not_improved_by_any_small_change) {
  const auto x = normal(60, 3, 4);
  std::vector<double> y;
  Random random(5);
  for (std::int64_t i = 0; i < 60; ++i)
    y.push_back(x[i][0].item<double>() + 0.5 * random.normal() > 0 ? 1 : -1);
  for (const double c : {0.01, 0.1, 1.0}) {
    const auto model = fit_svm(x, y, c);
    const auto best = svm_objective(x, y, c, model.weight[0], model.bias);
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      const auto change = normal(1, 4, 100 + seed)[0] * 0.03;
      EXPECT_GT(
          svm_objective(x, y, c, model.weight[0] + change.narrow(0, 0, 3), model.bias + change[3]),
          best * (1 - 1e-3));
    }
  }
}

TEST(Svm, of_examples_of_one_sign_gives_that_sign_whatever_comes) {
  const auto x = normal(5, 3, 1);
  for (const double sign : {1.0, -1.0}) {
    const auto outputs = fit_svm(x, std::vector<double>(5, sign), 1).outputs(normal(4, 3, 2) * 100);
    EXPECT_TRUE(at::equal(outputs, at::full({4, 1}, sign * 1e6, at::kDouble)));
  }
}

TEST(Svm, one_against_one_votes_as_libsvm_and_never_for_a_class_without_items) {
  // Outputs of the pairs (0,1), (0,2), (1,2): a circle, so that each class has one vote.
  const auto circle = at::tensor({1.0, -1.0, 1.0}, at::kDouble).view({1, 3});
  EXPECT_EQ(one_vs_one_classes(circle, 3), std::vector<std::int64_t>{0});
  const auto zero = at::tensor({0.0, 0.0, 0.0}, at::kDouble).view({1, 3});
  EXPECT_EQ(one_vs_one_classes(zero, 3), std::vector<std::int64_t>{2});
  const auto x = at::tensor({0.0, 1.0, 5.0, 6.0}, at::kDouble).view({4, 1});
  const std::vector<std::int64_t> y = {1, 1, 3, 3};
  const auto outputs = fit_one_vs_one(x, y, 4, 1).outputs(x);
  EXPECT_EQ(one_vs_one_classes(outputs, 4), y);
  const auto scores = one_vs_one_scores(outputs, 4);
  EXPECT_TRUE(at::equal(scores.argmax(1), at::tensor(y)));
}

TEST(Standardiser, makes_a_constant_column_zero) {
  auto x = normal(30, 2, 6) * 7 + 100;
  x.select(1, 1).fill_(0.1);
  const auto standardised = Standardiser::of(x).apply(x);
  EXPECT_NEAR(standardised.select(1, 0).square().mean().item<double>(), 1, 1e-12);
  EXPECT_NEAR(standardised.select(1, 0).mean().item<double>(), 0, 1e-12);
  EXPECT_LT(standardised.select(1, 1).abs().max().item<double>(), 1e-12);
}

}  // namespace
