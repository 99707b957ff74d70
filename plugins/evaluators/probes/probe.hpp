#pragma once
#include <lib/learn/reduction.hpp>
#include <lib/learn/target.hpp>

#include <earshot/evaluator.hpp>
#include <earshot/kit/pooling.hpp>
#include <earshot/options.hpp>

namespace probes {

/// Base of all probes of pooled features: it reads clip 0 of the items that have the target label,
/// or of a subsample of them, pools their frames, brings them to a common scale and width if
/// requested, predicts every test item, and reports the metrics of kit::Target, with a table of the
/// confusion of classes or of the columns of a vector.
class Probe : public earshot::Evaluator {
 public:
  earshot::Uses uses() const final { return {.features = true, .seed = n_train_ > 0}; }
  void predict(earshot::Trial& trial) final;
  earshot::Numbers mark(const earshot::Item& item,
                        const earshot::Prediction& prediction) const final;
  earshot::Numbers score(std::span<const earshot::Outcome> slice) const final;
  earshot::State state() const final;
  void load_state(const earshot::State& state) final;

 protected:
  /// Options for preparing the features and for the number of training items; the constructor reads
  /// them.
  static earshot::OptionSchema shared_options();
  explicit Probe(const earshot::Options& options);

  /// Rows of Target::width() values for rows of features; higher means more likely.
  struct Answers {
    at::Tensor scores{};                 ///< float64 (N, width): for ranking, or a vector's values
    std::vector<std::int64_t> chosen{};  ///< class of each item; empty: Target::value decides
  };
  virtual Answers answer(const at::Tensor& x) const = 0;
  virtual void save(earshot::State& state) const = 0;
  virtual void load(const earshot::State& state) = 0;
  /// A tensor of a state. @throws DataError if it is missing.
  static const at::Tensor& tensor(const earshot::State& state, const std::string& name);

  /// @throws DataError unless rows of `x` are as wide as those on which the probe was fitted.
  static void check_width(const at::Tensor& x, std::int64_t fitted);

  /// Finds the target, so that a wrong name is reported before anything is read.
  void find_target(const earshot::Trial& trial);
  /// The labelled items of Split::train, or a sample of them. @throws DataError if there are none.
  earshot::kit::Truths read_training(const earshot::Trial& trial);
  /// Features of the training items, from which scale and axes are learnt.
  at::Tensor learn_features(earshot::Trial& trial, const earshot::kit::Truths& truths);
  /// Features of any items, after learn_features().
  at::Tensor features(earshot::Trial& trial, earshot::Split split, at::IntArrayRef items) const;
  const earshot::kit::Target& target() const { return target_; }
  const std::string& target_type() const { return target_type_; }
  /// Adds a sentence that readers of the results should know to the run's `notes.txt`.
  void note(const std::string& sentence) { notes_.push_back(sentence); }
  void learn_baseline(const at::Tensor& truths) { target_.learn_baseline(truths); }

 private:
  static void write_notes(earshot::Trial& trial, const std::vector<std::string>& notes);

  std::string target_name_, target_type_;
  earshot::kit::Target::Ties ties_;
  earshot::kit::Pooling pooling_;
  std::int64_t tokens_, n_train_;
  earshot::kit::Reduction reduction_;
  earshot::kit::Target target_;
  std::vector<std::string> notes_;  ///< of fit()
};

}  // namespace probes
