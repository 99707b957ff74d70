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

/// The items that are in all of these slices; all items if the list is empty.
using SliceNames = std::vector<SliceName>;

/// Groups of one item by dimension: all dimensions that any item of the dataset has, and "" for the
/// item itself. Groups of different datasets have different names.
using ItemGroups = std::map<std::string, std::string>;

/// The evidence from the paired runs of one condition about one metric and slice.
struct Sample {
  std::string metric{}, unit{};
  std::string kind{};  ///< "mean", "score" or "report"; "" if no run has the metric
  bool higher_is_better = true;
  std::string problem{};  ///< why nothing is compared although runs are finished; or ""

  std::vector<std::int64_t> seeds{};        ///< complete on both sides; the rest covers only these
  std::vector<double> base{}, candidate{};  ///< value of each seed, folds pooled
  std::vector<const ItemGroups*> items{};   ///< common to both sides and all seeds
  /// [seed][item], candidate - base: of the marks or, for a score, of each item's contribution
  /// (statistics::Influences), so that the mean is the difference of the scores.
  std::vector<std::vector<double>> differences{};
  std::string unpaired{};   ///< why a score has no differences by item; "" if it has them
  std::int64_t scored = 0;  ///< items that entered a score, over all folds

  std::int64_t missing = 0;  ///< planned pairs of runs that are not finished
  std::vector<std::string> notes{};

  /// Owns what `items` points to if items were left out in blocks, which then are the groups.
  std::shared_ptr<std::vector<ItemGroups>> own_groups{};
};

/// Marks, items and scores of runs, each loaded once.
class Evidence {
 public:
  explicit Evidence(const Observations& observations) : observations_(&observations) {}

  /// @param allow_different_scoring  whether to compare sides that were scored by different rules,
  /// or by different versions of a metric; a note then says so
  Sample sample(const Condition& condition, const std::string& metric, const SliceNames& slices,
                bool allow_different_scoring = false);

  /// The combinations of slices along some dimensions or labels in which the condition's runs have
  /// items, by name.
  std::vector<SliceNames> slices(const Condition& condition,
                                 const std::vector<std::string>& dimensions);
  /// Slice dimensions of the condition's dataset, and those of its labels that are classes.
  std::vector<std::string> dimensions(const Condition& condition);
  /// Dimensions of groups (speaker, room) of the condition's dataset, which can be taken as given.
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
