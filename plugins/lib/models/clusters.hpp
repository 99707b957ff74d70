#pragma once
#include <cstdint>

#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// The nearest centroid of each frame, the first of equally near ones: (N, D) to int64 (N).
/// Computed in float32 about the mean of the centroids, whatever precision the caller trains in.
at::Tensor nearest(const at::Tensor& frames, const at::Tensor& centroids);

/// Adds the rows of x, float32 (N, D), to `sums`, float64 (k, D), by their codes, int64 (N). The
/// same bits on every run, on a GPU too.
void add_by_code(const at::Tensor& x, const at::Tensor& codes, const at::Tensor& sums);

/// How evenly the entries of one or more codebooks of equal size are used.
struct CodeUsage {
  at::Tensor share;       ///< of the entries that are used: float32 scalar, mean over codebooks
  at::Tensor perplexity;  ///< e to the entropy of the codes in nat: likewise
};
/// @param numbers  (k) or (codebooks, k): how often each entry was chosen
CodeUsage code_usage(const at::Tensor& numbers);

/// k centroids that follow the means of the frames that are nearest to them.
///
/// After a step in which n frames with sum s were nearest to centroid c:
///
///     N := decay N + n
///     c := c + (s - n c) / N
///
/// With decay 1 that is mini-batch k-means (Sculley 2010, "Web-Scale K-Means Clustering", with the
/// rate 1 / N of each centroid; a batch at once, as in scikit-learn); with decay 0 and the whole
/// set in each step it is Lloyd's algorithm; in between it is the codebook of a VQ-VAE that is
/// learnt by exponential moving averages of n and s (van den Oord et al. 2017, "Neural Discrete
/// Representation Learning", appendix A.1), since c is their quotient. A centroid without frames
/// stays where it is.
class Clusters {
 public:
  /// @param centroids  float32 (k, D)
  Clusters(const at::Tensor& centroids, double decay);

  const at::Tensor& centroids() const { return centroids_; }  ///< float32 (k, D)
  const at::Tensor& counts() const { return counts_; }        ///< N above: float64 (k)
  /// How often each would have been chosen since it last was, if all had been chosen equally often:
  /// float64 (k); 0 if it was chosen in the last step.
  const at::Tensor& idle() const { return idle_; }

  /// @param numbers  float64 (k): of frames nearest to each
  /// @param sums  float64 (k, D): of these frames
  void update(const at::Tensor& numbers, const at::Tensor& sums);

  /// The numbers of those whose idle() is above `limit`: int64 (M).
  at::Tensor dead(double limit) const;

  /// Moves the centroids `which` (M) to `frames` (M, D). They count as new: the mean of the frames
  /// that are nearest in the next step takes their place.
  void place(const at::Tensor& which, const at::Tensor& frames);

  /// Moves those that are dead(limit) to some of `frames` (M, D), far from each other and from all
  /// centroids, by LibTorch's default generator. Where there are fewer frames, the rest stay dead.
  void revive(double limit, const at::Tensor& frames);

 private:
  double decay_;
  at::Tensor centroids_, counts_, idle_;
};

}  // namespace earshot::kit
