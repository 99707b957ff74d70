#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/analyse/observations.hpp"
#include "host/analyse/pairs.hpp"

namespace earshot::host {

/// The items that are in all of these slices; all items when there is none.
using SliceNames = std::vector<SliceName>;

/// Groups of one item by dimension. All dimensions that any item of the dataset has, and "" for the
/// item itself; groups of different datasets have different names.
using ItemGroups = std::map<std::string, std::string>;

/// What the paired runs of one condition say of one metric and slice.
struct Sample {
  std::string metric{}, unit{};
  std::string kind{};  ///< "mean", "score" or "report"; "" when no run has the metric
  bool higher_is_better = true;
  std::string problem{};  ///< why nothing is compared, though runs are finished; or ""

  std::vector<std::int64_t> seeds{};        ///< complete on both sides; of all others:
  std::vector<double> base{}, candidate{};  ///< value of each seed, folds pooled
  std::vector<const ItemGroups*> items{};   ///< common to both sides and all seeds
  /// [seed][item], candidate - base: marks, or of a score what each item contributes
  /// (statistics::Influences), so that the mean is the difference of the scores.
  std::vector<std::vector<double>> differences{};
  std::string unpaired{};   ///< why a score has no differences of items; "" when it has
  std::int64_t scored = 0;  ///< items that entered a score, folds together

  std::int64_t missing = 0;  ///< planned pairs of runs that are not finished
  std::vector<std::string> notes{};

  /// What `items` points to where items were left out in blocks, which are groups then.
  std::shared_ptr<std::vector<ItemGroups>> own_groups{};
};

/// Marks, items and scores of runs, each asked for once.
class Evidence {
 public:
  explicit Evidence(const Observations& observations) : observations_(&observations) {}

  /// @param allow_different_scoring  whether sides that were scored by different rules, or versions
  /// of a metric, are compared; a note says so then
  Sample sample(const Condition& condition, const std::string& metric, const SliceNames& slices,
                bool allow_different_scoring = false);

  /// The combinations of slices along some dimensions, or labels, that items of the condition's
  /// runs are in, by name.
  std::vector<SliceNames> slices(const Condition& condition,
                                 const std::vector<std::string>& dimensions);
  /// Slice dimensions of the condition's dataset, and its labels that are classes.
  std::vector<std::string> dimensions(const Condition& condition);
  /// Dimensions of groups (speaker, room) of the condition's dataset: what may be taken as given.
  std::vector<std::string> groupings(const Condition& condition);

 private:
  const std::vector<ItemTraits>& items(std::int64_t dataset);
  const std::vector<Mark>& marks(std::int64_t run, const std::string& metric);
  const std::vector<std::int64_t>& predicted(std::int64_t run);
  bool within(const Condition& condition, std::int64_t item, const SliceNames& slices);
  void read_definition(Sample& sample, const Condition& condition, bool allow_different_scoring);
  void add_means(Sample& sample, const Condition& condition, const SliceNames& slices,
                 const std::vector<std::vector<PairOfRuns>>& seeds);
  void add_scores(Sample& sample, const Condition& condition, const SliceNames& slices,
                  const std::vector<std::vector<PairOfRuns>>& seeds);
  std::vector<std::int64_t> scored_items(const Condition& condition, std::int64_t run,
                                         const SliceNames& slices);
  void add_blocks(Sample& sample, const std::vector<std::string>& blocks) const;
  void note_unshared(Sample& sample, const Condition& condition, const SliceNames& slices,
                     const std::vector<PairOfRuns>& folds);

  const Observations* observations_;
  std::map<std::int64_t, std::vector<ItemTraits>> items_{};
  std::map<std::pair<std::int64_t, std::string>, std::vector<Mark>> marks_{};
  std::map<std::int64_t, std::vector<std::int64_t>> predicted_{};
};

}  // namespace earshot::host
