#pragma once
#include <lib/learn/reduction.hpp>
#include <lib/learn/target.hpp>

#include <earshot/evaluator.hpp>
#include <earshot/kit/pooling.hpp>
#include <earshot/options.hpp>

namespace probes {

/// What all probes of pooled features share: they read clip 0 of the items that have the target
/// label, or of a subsample of them, pool their frames, bring them to one scale and width if asked,
/// predict every test item, and report a confusion table and the metrics of kit::Target.
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
  /// What the features are made of, and how many items are trained on; the constructor reads it.
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
  /// The labelled items of Split::train, or a draw of them. @throws DataError when there are none.
  earshot::kit::Truths read_training(const earshot::Trial& trial);
  /// Features of the training items, from which scale and axes are learnt.
  at::Tensor learn_features(earshot::Trial& trial, const earshot::kit::Truths& truths);
  /// Features of any items after that.
  at::Tensor features(earshot::Trial& trial, earshot::Split split, at::IntArrayRef items) const;
  const earshot::kit::Target& target() const { return target_; }
  const std::string& target_type() const { return target_type_; }
  /// Something that who reads the results should know: a sentence of the run's `notes.txt`.
  void note(const std::string& sentence) { notes_.push_back(sentence); }
  void learn_baseline(const at::Tensor& truths) { target_.learn_baseline(truths); }

 private:
  void write_notes(earshot::Trial& trial) const;
  void write_confusion(earshot::Trial& trial, const std::vector<std::int64_t>& counts) const;

  std::string target_name_, target_type_;
  earshot::kit::Target::Ties ties_;
  earshot::kit::Pooling pooling_;
  std::int64_t tokens_, n_train_;
  earshot::kit::Reduction reduction_;
  earshot::kit::Target target_;
  std::vector<std::string> notes_;  ///< of fit()
};

}  // namespace probes
