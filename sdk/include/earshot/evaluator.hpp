#pragma once
#include <span>

#include <earshot/trial.hpp>

namespace earshot {

/// What an evaluator takes from its Trial; decides which stages and cells make sense.
struct Uses {
  bool features = false, codes = false, audio = false;
  bool learner = false, mapper = false, language_model = false;
  /// Whether the cell's seed can change anything under these options (a training subsample, initial
  /// weights, an order). If not, the host runs one seed of several, and says so.
  bool seed = true;
};

struct MetricSpec {
  std::string name{};  ///< [a-z0-9_]+
  std::string help{};  ///< one sentence
  std::string unit{};  ///< "dB", "s"; "" when dimensionless
  bool higher_is_better = true;
  bool primary = false;      ///< at most one: what tables show and hypotheses compare unless told
  std::int64_t version = 1;  ///< raised when the definition changes; part of cell keys
};

/// A test item with its truth, and what was said about it.
struct Outcome {
  const Item& item;
  const Prediction& prediction;
};

/// A task. fit() and predict() run once per cell, mark() once per item, score() once per slice and,
/// for its interval, once more without each of the items; the last two see no model, so that
/// slices, intervals and `runner rescore` cost no inference.
class EARSHOT_API Evaluator : public Stateful {
 public:
  static constexpr const char* contract = "evaluator";
  ~Evaluator() override;

  virtual Uses uses() const = 0;
  virtual std::vector<MetricSpec> metrics() const = 0;  ///< every name that is ever reported

  /// Learns from Split::train, chooses by Split::validation, never looks at Split::test. What was
  /// learnt is in state(), besides what is in the mapper's, language model's or learner's.
  /// Default: nothing to learn.
  virtual void fit(Trial& trial);

  /// Predicts every item of Split::test, after fit() or load_state(), without use of its truth:
  /// were the truths of test items other ones, all predictions would be the same. Only candidates
  /// may be made of truths, if each item is offered those of several items, its own among them,
  /// and nothing but mark() tells which that is.
  /// Default: none, for an evaluator that only trains.
  virtual void predict(Trial& trial);

  /// The numbers of one item; their means over a slice are metrics, and the host gives them
  /// intervals and paired tests. A number that cannot be computed is left out, and counted.
  /// Default: measures.
  virtual Numbers mark(const Item& item, const Prediction& prediction) const;

  /// Metrics of a non-empty slice that are not means over items: macro F1, mAP, R2, CIDEr-D.
  /// The order of the outcomes does not matter. Default: none.
  virtual Numbers score(std::span<const Outcome> slice) const;
};

}  // namespace earshot
