#pragma once
#include <map>
#include <string>
#include <utility>

#include "host/analyse/observations.hpp"

namespace earshot::host {

/// Asks other observations for items, marks and definitions only once, for several comparisons of
/// the same runs. Not for use by several threads.
class RememberedObservations : public Observations {
 public:
  /// @param source  must outlive this object, and give the same answers all the time
  explicit RememberedObservations(const Observations& source) : source_(source) {}

  std::vector<ItemTraits> items(std::int64_t dataset) const override {
    return known(items_, dataset, [&] { return source_.items(dataset); });
  }
  std::vector<Mark> marks(std::int64_t run, const std::string& metric) const override {
    return known(marks_, std::pair(run, metric), [&] { return source_.marks(run, metric); });
  }
  std::vector<std::int64_t> predicted(std::int64_t run) const override {
    return known(predicted_, run, [&] { return source_.predicted(run); });
  }
  std::optional<RecordedScore> score(std::int64_t run, const std::string& metric,
                                     const SliceName& slice) const override {
    return source_.score(run, metric, slice);
  }
  std::optional<MetricDefinition> definition(std::int64_t run,
                                             const std::string& metric) const override {
    return known(definitions_, std::pair(run, metric),
                 [&] { return source_.definition(run, metric); });
  }
  std::vector<std::string> metrics(std::int64_t experiment) const override {
    return source_.metrics(experiment);
  }

 private:
  template <class Key, class Value, class Ask>
  static const Value& known(std::map<Key, Value>& values, const Key& key, const Ask& ask) {
    const auto found = values.find(key);
    return found != values.end() ? found->second : values.emplace(key, ask()).first->second;
  }

  const Observations& source_;
  mutable std::map<std::int64_t, std::vector<ItemTraits>> items_{};
  mutable std::map<std::pair<std::int64_t, std::string>, std::vector<Mark>> marks_{};
  mutable std::map<std::int64_t, std::vector<std::int64_t>> predicted_{};
  mutable std::map<std::pair<std::int64_t, std::string>, std::optional<MetricDefinition>>
      definitions_{};
};

}  // namespace earshot::host
