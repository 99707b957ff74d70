#pragma once
#include <optional>
#include <span>
#include <vector>

#include "statistics/clusters.hpp"

namespace earshot::statistics {

/// Comparison of two runs, or of two sets of runs with the same seeds, on the same items.
struct PairedDifference {
  Interval interval{};  ///< of candidate - base
  /// Two-sided test that flips the sign of whole groups in the dimension with the fewest groups
  /// (10,000 random flips, fewer for more than 5,000 groups, never below 2,500, so that the
  /// standard error at 0.05 stays below a tenth of it; fixed seed). It accounts for items only,
  /// never for seeds, so it is absent with several seeds; it is also absent with strata, whose own
  /// differences need not be 0.
  std::optional<double> sign_flip_p{};
  /// Exact McNemar test (mid-p): for one seed, independent items, and marks of 0 and 1.
  std::optional<double> mcnemar_p{};
};

/// Interval of the mean difference of candidate and base.
/// @param differences  candidate - base: for each seed the same items in the same order
///
/// Variance: that of the items' differences averaged over seeds (mean_variance), plus that of the
/// seeds: the variance between their means, minus what the differences of single items between
/// seeds contribute to it, which the items' variance already contains. Degrees of freedom of the
/// sum: Satterthwaite 1946, "An approximate distribution of estimates of variance components",
/// Biometrics Bull. 2(6). Never narrower than the seeds alone would make it: with two degrees of
/// freedom for three seeds, Satterthwaite's formula rejects a true null hypothesis in up to 10 % of
/// cases. Items whose difference is not finite must be removed first. If there is no interval,
/// `missing` says why.
Interval paired_mean(std::span<const std::vector<double>> differences, const Clusters& clusters,
                     double level = 0.95);

/// The same, with the tests.
PairedDifference paired_difference(std::span<const std::vector<double>> differences,
                                   const Clusters& clusters, double level = 0.95);

/// Items of one sample (a task, a fold) and the weight of its mean.
struct Part {
  std::vector<std::vector<double>> differences{};  ///< [seed][item]
  double weight = 1;
};

/// The items of all parts in one row for each seed, such that the row's mean is the weighted sum of
/// the parts' means and its variance is the variance of that sum: an item counts by its distance
/// from the mean of its own part. Items of two parts that share a group vary together, so
/// paired_mean gives the interval of
///
///     the mean over K tasks               weights 1 / K
///     an interaction of two comparisons   weights -1 and 1: by how much the second differs more
///     that of means over K tasks each     weights -1 / K and 1 / K
///
/// Every part has items, and all have the same number of seeds.
std::vector<std::vector<double>> weighted_sum(std::span<const Part> parts);

/// Two-sided mid-p of McNemar's exact test for two counts of discordant pairs (Fagerland, Lydersen,
/// Laake 2013, "The McNemar test for binary matched-pairs data", BMC Med. Res. Methodol. 13:91).
double mcnemar_mid_p(std::int64_t only_base_right, std::int64_t only_candidate_right);

/// Two-sided sign-flip test of a sum, by groups.
double sign_flip_test(std::span<const double> differences, const Partition& groups);

/// Two-sided p-value for the null hypothesis that the true value is `value`, from the same
/// interval.
double p_value(const Interval& interval, double value);

/// Two one-sided tests (Schuirmann 1987): p-value for the null hypothesis that the true value lies
/// outside (-margin, margin). Below 0.05 exactly if the 90 % interval lies inside.
double equivalence_p(const Interval& interval, double margin);

}  // namespace earshot::statistics
