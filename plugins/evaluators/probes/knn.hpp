#pragma once
#include "probe.hpp"

namespace probes {

/// The k training items nearest to a test item, each with one vote: the class with the most votes
/// (ties are broken by the option `ties`), the mean of their numbers or vectors, or the classes
/// that at least half of them have. Among training items at the same distance, the first counts as
/// nearer. Like scikit-learn's KNeighborsClassifier with uniform weights.
class Knn final : public Probe {
 public:
  static earshot::OptionSchema options();
  Knn(const earshot::Options& options, const earshot::Context& context);

  std::vector<earshot::MetricSpec> metrics() const override;
  void fit(earshot::Trial& trial) override;

 private:
  Answers answer(const at::Tensor& x) const override;
  void save(earshot::State& state) const override;
  void load(const earshot::State& state) override;

  std::int64_t k_;
  bool cosine_;
  at::Tensor x_, rows_;  ///< float64 (N, D) and (N, width): the training items
};

}  // namespace probes
