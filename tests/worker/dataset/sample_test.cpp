#include "worker/dataset/sample.hpp"

#include <gmock/gmock.h>

namespace earshot::worker {
namespace {

/// 12 events in 6 rooms, in an order in which equal steps meet few of them; one in 24 is a test
/// item and one in 48 has the rare slice.
class Ordered : public Dataset {
 public:
  std::int64_t size() const override { return 432; }
  std::vector<LabelSpec> labels() const override {
    return {{.name = "event", .type = std::string(), .classes = names("e", 12)},
            {.name = "room", .type = std::string(), .classes = names("r", 6)},
            {.name = "tags", .type = std::vector<std::string>(), .classes = names("t", 3)},
            {.name = "level", .type = 0.0}};
  }
  Item item(std::int64_t i) const override {
    return {.id = std::to_string(i),
            .split = i % 4 == 0 ? Split::test : Split::train,
            .slices = {{"format", i % 48 == 7  ? "yes_no"
                                  : i % 4 == 1 ? "open"
                                               : "choice"}},
            .labels = {{"event", name("e", i % 12)},
                       {"room", name("r", i / 12 % 6)},
                       {"tags", std::vector<std::string>{name("t", i % 3)}},
                       {"level", 0.5}}};
  }

 private:
  static std::string name(std::string stem, std::int64_t number) {
    return stem.append(std::to_string(number));
  }
  static std::vector<std::string> names(const std::string& stem, int count) {
    std::vector<std::string> result;
    for (int i = 0; i < count; ++i)
      result.push_back(name(stem, i));
    return result;
  }
};

TEST(Sample, has_every_class_and_slice_in_its_share) {
  const Ordered data;
  for (const std::int64_t seed : {0, 1, 2, 3}) {
    const auto sample = draw_sample(data, 24, seed);
    EXPECT_EQ(sample.items.size(), 24U);
    for (const auto& [value, counts] : sample.drawn.at("event"))
      EXPECT_EQ(counts, std::pair(std::int64_t{2}, std::int64_t{36})) << value;
    for (const auto& [value, counts] : sample.drawn.at("room"))
      EXPECT_NEAR(static_cast<double>(counts.first), 4, 1) << value;
    for (const auto& [value, counts] : sample.drawn.at("tags"))
      EXPECT_EQ(counts.first, 8) << value;
    EXPECT_NEAR(static_cast<double>(sample.drawn.at("split").at("test").first), 6, 1);
    EXPECT_FALSE(sample.drawn.contains("level"));
  }
}

TEST(Sample, that_is_small_does_not_go_with_the_order_of_the_items) {
  const Ordered data;
  for (const std::int64_t count : {16, 20, 32, 64}) {
    const auto formats = draw_sample(data, count, 0).drawn.at("format");
    EXPECT_NEAR(static_cast<double>(formats.at("open").first), static_cast<double>(count) / 4, 2)
        << count;
    EXPECT_GE(formats.at("choice").first, count / 2) << count;
  }
}

TEST(Sample, is_drawn_by_its_seed) {
  const Ordered data;
  EXPECT_EQ(draw_sample(data, 24, 5).items, draw_sample(data, 24, 5).items);
  EXPECT_NE(draw_sample(data, 24, 5).items, draw_sample(data, 24, 6).items);
}

TEST(Sample, is_everything_where_there_is_no_more) {
  const Ordered data;
  const auto sample = draw_sample(data, 1000, 0);
  EXPECT_EQ(sample.items.size(), 432U);
  EXPECT_EQ(sample.items.back(), 431);
  EXPECT_EQ(sample.drawn.at("format").at("yes_no"), std::pair(std::int64_t{9}, std::int64_t{9}));
}

}  // namespace
}  // namespace earshot::worker
