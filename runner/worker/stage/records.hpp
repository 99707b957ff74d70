#pragma once
#include <set>
#include <string>
#include <vector>

#include <earshot/evaluator.hpp>

#include "protocol/json.hpp"

namespace earshot::worker {

/// What an evaluator has recorded in one stage (fit or predict), to be sent when the stage is done
/// and kept with every save().
class Records {
 public:
  struct Report {
    std::string metric{};
    double value = 0;
    std::int64_t count = 0;
  };
  struct Point {
    std::int64_t step = 0;
    double value = 0;
  };

  /// @throws ContractError for a number that is not finite, a score that is not a number, or a
  /// second prediction of an item.
  void predict(Prediction prediction, std::int64_t items);
  /// @throws ContractError for a second report of a metric, or a negative count.
  void report(Report report);
  void point(std::string_view curve, Point point) { curves_[std::string(curve)].push_back(point); }
  void artifact(const std::string& name) { artifacts_.insert(name); }

  /// By item, ascending.
  const std::map<std::int64_t, Prediction>& predictions() const { return predictions_; }
  const std::vector<Report>& reports() const { return reports_; }
  const std::map<std::string, std::vector<Point>>& curves() const { return curves_; }
  const std::set<std::string>& artifacts() const { return artifacts_; }

  /// All of it, bit for bit.
  State state() const;
  void load_state(const State& state);

 private:
  std::map<std::int64_t, Prediction> predictions_;
  std::vector<Report> reports_;
  std::map<std::string, std::vector<Point>> curves_;
  std::set<std::string> artifacts_;
};

/// A finite number, or null with "nan", "+inf" or "-inf" in `name`.
protocol::Json finite_or_null(double value, std::string* name = nullptr);

}  // namespace earshot::worker
