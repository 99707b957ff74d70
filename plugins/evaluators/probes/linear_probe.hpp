#pragma once
#include "probe.hpp"

namespace probes {

/// A linear model of pooled features: multinomial logistic regression or linear SVM for a class,
/// ridge regression for a number or for each column of a vector, a sigmoid for each class of a set.
/// The penalty is given, or chosen on validation items by balanced accuracy, mean absolute error or
/// mean average precision, for each column of a vector by itself; ties go to the stronger penalty.
/// Without validation items, or if they give no such number, it is chosen on a quarter of the
/// training items, in whole groups, after which all of them are fitted. If nothing is left to
/// validate on either, C is 1, as in scikit-learn, and a note says so.
class LinearProbe final : public Probe {
 public:
  static earshot::OptionSchema options();
  LinearProbe(const earshot::Options& options, const earshot::Context& context);

  std::vector<earshot::MetricSpec> metrics() const override;
  void fit(earshot::Trial& trial) override;

 private:
  using Truths = earshot::kit::Truths;
  using Model = earshot::kit::LinearModel;

  /// Features with their truths.
  struct Examples {
    at::Tensor x;
    Truths truths;
  };

  void check_head() const;
  bool is_ridge() const;
  /// Sets one penalty for everything.
  void set_c(double c);
  std::vector<std::int64_t> ranks(const std::vector<std::int64_t>& strata) const;
  Model fit_model(const Examples& examples, double c, const Model& start) const;
  Model chosen_on_training_items(earshot::Trial& trial, const Examples& train);
  /// Why a division of the training items does not allow a choice; "" if it does.
  std::string nothing_in(const Examples& train, const std::vector<std::int64_t>& rest,
                         const std::vector<std::int64_t>& held_out) const;
  /// Fits with each penalty of the grid; the best one is stored in c_, and its model returned. c_
  /// is 0 if none has a quality.
  Model choose(earshot::Trial& trial, const Examples& train, const Examples& validation);
  double quality(const Examples& examples) const;
  /// The same for ridge regression, where every column has the best penalty for itself.
  Model choose_ridge(earshot::Trial& trial, const Examples& train, const Examples& validation);
  /// Mean absolute error of each column: float64 (width).
  at::Tensor errors(const Model& model, const Examples& examples) const;
  /// Fits with the chosen penalty.
  Model fit_chosen(const Examples& examples, const Model& start) const;
  Answers answer(const at::Tensor& x) const override;
  void save(earshot::State& state) const override;
  void load(const earshot::State& state) override;

  std::string head_;
  bool one_vs_one_;
  double given_c_, c_ = 0;
  at::Tensor column_c_;  ///< of ridge regression: float64 (width), in place of c_
  Model model_;
};

}  // namespace probes
