#include "worker/dataset/groups.hpp"

#include <numeric>
#include <set>

#include <gmock/gmock.h>

#include <earshot/kit/sampling.hpp>

namespace earshot::worker {
namespace {

using Groups = std::vector<std::map<std::string, std::string>>;

class Grouped final : public Dataset {
 public:
  explicit Grouped(Groups groups) : groups_(std::move(groups)) {}
  std::int64_t size() const override { return std::ssize(groups_); }
  std::vector<LabelSpec> labels() const override { return {}; }
  Item item(std::int64_t index) const override {
    return {.id = std::to_string(index), .groups = groups_[static_cast<std::size_t>(index)]};
  }

 private:
  Groups groups_;
};

std::size_t parts_of(const Groups& groups) {
  std::vector<std::int64_t> items(groups.size());
  std::iota(items.begin(), items.end(), std::int64_t{0});
  const auto parts = independent_parts(Grouped(groups), items);
  return std::set<std::int64_t>(parts.begin(), parts.end()).size();
}

TEST(IndependentParts, join_items_over_all_dimensions) {
  Groups groups;
  for (int i = 0; i < 40; ++i)  // pairs share a clip, and two pairs a room
    groups.push_back({{"clip", std::to_string(i / 2)}, {"room", std::to_string(i / 4)}});
  EXPECT_EQ(parts_of(groups), 10U);
}

TEST(IndependentParts, are_those_of_the_finest_dimension_if_crossed_ones_leave_fewer_than_ten) {
  Groups groups;
  for (int room = 0; room < 4; ++room)
    for (int speaker = 0; speaker < 12; ++speaker)
      groups.push_back({{"room", std::to_string(room)}, {"speaker", std::to_string(speaker)}});
  EXPECT_EQ(parts_of(groups), 12U);
}

TEST(IndependentParts, may_be_one_large_one_and_enough_others_unlike_parts_to_hold_out) {
  Groups groups(20);  // without groups: 20 parts
  for (int room = 0; room < 5; ++room)
    for (int speaker = 0; speaker < 6; ++speaker)
      groups.push_back({{"room", std::to_string(room)}, {"speaker", std::to_string(speaker)}});
  EXPECT_EQ(parts_of(groups), 21U);
  const auto linked = kit::linked(groups);
  EXPECT_EQ(std::set<std::int64_t>(linked.begin(), linked.end()).size(), 26U);
}

TEST(IndependentParts, of_items_without_groups_are_the_items) {
  EXPECT_EQ(parts_of(Groups(3)), 3U);
}

}  // namespace
}  // namespace earshot::worker
