#include <array>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <lib/learn/column_agreement.hpp>

namespace {

using namespace earshot::kit;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::NanSensitiveDoubleNear;

/// Four items with four columns: the truth of the second never changes, nor does the prediction of
/// the last.
ColumnAgreement four_items() {
  const std::array<std::array<float, 4>, 4> truth{
      {{1, 5, 0.1F, 2}, {2, 5, 0.3F, 2}, {4, 5, 0.2F, 3}, {3, 5, 0.9F, 7}}};
  const std::array<std::array<double, 4>, 4> predicted{
      {{1.5, 1, 0.3, 4}, {1, 2, 0.3, 4}, {3, 3, -0.1, 4}, {5, 1, 0.4, 4}}};
  ColumnAgreement agreement(4);
  for (std::size_t i = 0; i < truth.size(); ++i)
    agreement.add(truth[i], predicted[i]);
  return agreement;
}

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

// Expected values in Python, for the columns k of float32 t and float64 p:
//   scipy.stats.pearsonr(t[:, k], p[:, k])[0], sklearn.metrics.r2_score(t[:, k], p[:, k])
TEST(ColumnAgreement, equals_scipy_and_scikit_learn_column_by_column) {
  const auto agreement = four_items();
  EXPECT_EQ(agreement.items(), 4);
  EXPECT_THAT(agreement.correlations(), ElementsAre(DoubleNear(0.6106580268910347, 1e-12),
                                                    NanSensitiveDoubleNear(no_number, 0),
                                                    DoubleNear(0.5123942252407676, 1e-12), 0));
  EXPECT_THAT(
      agreement.r_squared(),
      ElementsAre(DoubleNear(-0.25, 1e-12), NanSensitiveDoubleNear(no_number, 0),
                  DoubleNear(0.01935482456830373, 1e-12), DoubleNear(-0.05882352941176472, 1e-12)));
}

TEST(ColumnAgreement, has_no_number_for_a_column_whose_truth_never_changes) {
  EXPECT_EQ(four_items().constant(), 1);
  ColumnAgreement tenths(1);  // a sum of them is rounded
  for (int i = 0; i < 1000; ++i)
    tenths.add(std::array{0.1F}, std::array{static_cast<double>(i)});
  EXPECT_EQ(tenths.constant(), 1);
  EXPECT_TRUE(std::isnan(tenths.correlations().front()));
  EXPECT_TRUE(std::isnan(mean_of_defined(tenths.correlations())));
  EXPECT_EQ(ColumnAgreement(2).constant(), 2) << "without items";
}

TEST(ColumnAgreement, gives_a_constant_prediction_the_correlation_0) {
  ColumnAgreement agreement(1);
  for (int i = 0; i < 1000; ++i)
    agreement.add(std::array{static_cast<float>(i)}, std::array{0.1});
  EXPECT_THAT(agreement.correlations(), ElementsAre(0));
}

TEST(ColumnAgreement, is_precise_far_from_zero) {
  ColumnAgreement agreement(2);
  for (int i = 0; i < 100; ++i)
    agreement.add(std::array{static_cast<float>(1'000'000 + i), static_cast<float>(i)},
                  std::array{1e9 + i, 1e9 - i});
  EXPECT_THAT(agreement.correlations(), ElementsAre(DoubleNear(1, 1e-7), DoubleNear(-1, 1e-7)));
}

TEST(ColumnAgreement, averages_over_the_columns_that_have_a_number) {
  EXPECT_EQ(mean_of_defined(std::array{1.0, no_number, 4.0}), 2.5);
  EXPECT_TRUE(std::isnan(mean_of_defined(std::array{no_number})));
}

}  // namespace
