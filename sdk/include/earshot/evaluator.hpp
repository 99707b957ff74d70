#pragma once
#include <span>

#include <earshot/trial.hpp>

namespace earshot {

/// What an evaluator uses of its Trial; this determines the necessary stages and possible cells.
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

/// A test item with its right answer and its prediction.
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
  virtual std::vector<MetricSpec> metrics() const = 0;  ///< all names that may be reported

  /// Learns from Split::train, chooses by Split::validation, never looks at Split::test. The learnt
  /// state is in state() and in the states of mapper, language model and learner.
  /// Default: nothing to learn.
  virtual void fit(Trial& trial);

  /// Predicts every item of Split::test, after fit() or load_state(), without using its right
  /// answer: predictions must not depend on the right answers of test items. Only candidates may be
  /// built from right answers, if each item gets those of several items, including its own, and
  /// only mark() reveals which one that is.
  /// Default: none, for an evaluator that only trains.
  virtual void predict(Trial& trial);

  /// The numbers of one item; their means over a slice are metrics, and the host gives them
  /// intervals and paired tests. Leave out numbers that cannot be computed; they are counted.
  /// Default: measures.
  virtual Numbers mark(const Item& item, const Prediction& prediction) const;

  /// Metrics of a non-empty slice that are not means over items: macro F1, mAP, R2, CIDEr-D.
  /// The order of the outcomes does not matter. Default: none.
  virtual Numbers score(std::span<const Outcome> slice) const;
};

}  // namespace earshot
