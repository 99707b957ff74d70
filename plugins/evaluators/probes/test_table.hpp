#pragma once
#include <string>
#include <vector>

#include <lib/learn/target.hpp>

#include <earshot/trial.hpp>

namespace probes {

/// A table of the whole test split, which no slice has: of classes which are taken for which, of a
/// vector how well each of its columns is predicted. There is none of other targets. The truth of
/// test items gets into the run's records here, not into its predictions.
class TestTable {
 public:
  explicit TestTable(const earshot::kit::Target& target);

  /// Adds a test item with what was predicted of it, unless it lacks the label.
  void add(const earshot::Item& item, const earshot::Prediction& prediction);

  /// Reports `chance` and writes confusion.csv, or `constant_columns` and columns.csv.
  /// @returns a sentence for the run's notes; "" if there is nothing to say.
  std::string report(earshot::Trial& trial) const;

 private:
  void write_confusion(earshot::Trial& trial) const;
  void write_columns(earshot::Trial& trial) const;

  const earshot::kit::Target& target_;
  std::int64_t labelled_ = 0;
  std::vector<double> truth_;            ///< of one item with classes
  std::vector<std::int64_t> confusion_;  ///< (classes, classes): row is the truth
  earshot::kit::ColumnAgreement agreement_;
};

}  // namespace probes
