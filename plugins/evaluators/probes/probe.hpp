#pragma once
#include <earshot/evaluator.hpp>
#include <earshot/kit/linear.hpp>
#include <earshot/kit/pooling.hpp>
#include <earshot/kit/target.hpp>
#include <earshot/options.hpp>

namespace probes {

/// What all probes of pooled features share: they read clip 0 of the items that have the target
/// label, bring features to zero mean and unit variance (as in the training items) if asked,
/// predict every test item, and report a confusion table and the metrics of kit::Target.
class Probe : public earshot::Evaluator {
 public:
  void predict(earshot::Trial& trial) final;
  earshot::Numbers mark(const earshot::Item& item,
                        const earshot::Prediction& prediction) const final;
  earshot::Numbers score(std::span<const earshot::Outcome> slice) const final;
  earshot::State state() const final;
  void load_state(const earshot::State& state) final;

 protected:
  /// `target`, `pooling` and `standardise`, which read_shared() takes.
  static earshot::OptionSchema shared_options();
  explicit Probe(const earshot::Options& options);

  /// Rows of Target::width() values for rows of features, higher being likelier.
  struct Answers {
    at::Tensor scores{};                 ///< float64 (N, width): to rank by
    std::vector<std::int64_t> chosen{};  ///< the class of each item; empty: Target::value decides
  };
  virtual Answers answer(const at::Tensor& x) const = 0;
  virtual void save(earshot::State& state) const = 0;
  virtual void load(const earshot::State& state) = 0;
  /// A tensor of a state. @throws DataError when it is missing.
  static const at::Tensor& tensor(const earshot::State& state, const std::string& name);

  /// @throws DataError unless rows of `x` are as wide as those that the probe was fitted on.
  static void check_width(const at::Tensor& x, std::int64_t fitted);

  /// Looks the target up, which tells a wrong name before anything is read.
  void find_target(const earshot::Trial& trial);
  /// The labelled items of Split::train. @throws DataError when there are none.
  earshot::kit::Truths read_training(const earshot::Trial& trial);
  at::Tensor features(earshot::Trial& trial, earshot::Split split,
                      const earshot::kit::Truths& truths) const;
  /// Learns the scale of `x`, and brings it to that.
  at::Tensor learn_scale(const at::Tensor& x);
  at::Tensor scaled(const at::Tensor& x) const;
  const earshot::kit::Target& target() const { return target_; }
  void learn_baseline(const at::Tensor& truths) { target_.learn_baseline(truths); }

 private:
  void write_confusion(earshot::Trial& trial, const std::vector<std::int64_t>& counts) const;

  std::string target_name_;
  earshot::kit::Pooling pooling_;
  bool standardise_;
  earshot::kit::Target target_;
  earshot::kit::Standardiser standardiser_;
};

}  // namespace probes
