#include "host/analyse/remembered.hpp"

#include <gmock/gmock.h>

namespace earshot::host {
namespace {

/// Counts what it is asked for.
class Counting : public Observations {
 public:
  std::vector<ItemTraits> items(std::int64_t dataset) const override {
    ++asked;
    return std::vector<ItemTraits>(static_cast<std::size_t>(dataset));
  }
  std::vector<Mark> marks(std::int64_t run, const std::string& metric) const override {
    ++asked;
    return {{run, metric == "f1" ? 1.0 : 0.0}};
  }
  std::vector<std::int64_t> predicted(std::int64_t run) const override {
    ++asked;
    return {run};
  }
  std::optional<RecordedScore> score(std::int64_t, const std::string&,
                                     const SliceName&) const override {
    ++asked;
    return std::nullopt;
  }
  std::optional<MetricDefinition> definition(std::int64_t, const std::string&) const override {
    ++asked;
    return std::nullopt;
  }
  std::vector<std::string> metrics(std::int64_t) const override {
    ++asked;
    return {};
  }
  mutable int asked = 0;
};

TEST(RememberedObservations, asks_once_for_each_run_and_metric_also_if_there_is_nothing) {
  const Counting source;
  const RememberedObservations remembered(source);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(remembered.items(2).size(), 2U);
    EXPECT_EQ(remembered.marks(7, "f1").at(0).value, 1.0);
    EXPECT_EQ(remembered.marks(7, "accuracy").at(0).value, 0.0);
    EXPECT_EQ(remembered.marks(8, "f1").at(0).item, 8);
    EXPECT_EQ(remembered.predicted(7).at(0), 7);
    EXPECT_FALSE(remembered.definition(7, "f1").has_value());
  }
  EXPECT_EQ(source.asked, 6);
}

}  // namespace
}  // namespace earshot::host
