#include "host/experiment/axis.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace earshot::host {
namespace {

TEST(AxisValue, is_a_label_a_number_or_an_option_by_the_name_of_its_axis) {
  EXPECT_EQ(*AxisValue::of("encoder", "5").label(), "5");
  EXPECT_EQ(*AxisValue::of("seed", 5).integer(), 5);
  EXPECT_EQ(*AxisValue::of("fold", "*").label(), "*");
  EXPECT_EQ(AxisValue::of("task.lr", 5), OptionValue{5});
  EXPECT_EQ(AxisValue::of("task.lr", 5).integer(), nullptr);
}

TEST(AxisValue, is_written_as_people_write_it_and_in_json_as_it_is) {
  EXPECT_EQ(AxisValue("mel").text(), "mel");
  EXPECT_EQ(AxisValue(7).text(), "7");
  EXPECT_EQ(AxisValue(OptionValue{"hann"}).text(), "hann");
  EXPECT_EQ(AxisValue(OptionValue{1e-4}).text(), "0.0001");
  EXPECT_EQ(AxisValue(OptionValue{{1, 2}}).text(), "[1,2]");
  EXPECT_EQ(AxisValue(OptionValue{"5"}).json(), Json("5"));
  EXPECT_EQ(AxisValue(7).json(), Json(7));
}

TEST(AxisValue, of_a_label_differs_from_the_same_number) {
  EXPECT_NE(AxisValue("5"), AxisValue(5));
  EXPECT_NE(AxisValue(OptionValue{"5"}), AxisValue(OptionValue{5}));
  EXPECT_EQ(AxisValue(OptionValue{1}), AxisValue(OptionValue{1.0}));
  EXPECT_FALSE(AxisValue("5").number());
  EXPECT_FALSE(AxisValue(OptionValue{"5"}).number());
  EXPECT_EQ(AxisValue(OptionValue{0.5}).number(), 0.5);
}

TEST(Axes, keep_their_order_and_find_by_name) {
  Axes axes{{"encoder", "mel"}, {"task", "room"}, {"seed", 1}};
  axes.add_after("task", "dataset", "rooms");
  axes.set("seed", 2);
  EXPECT_EQ(axes, (Axes{{"encoder", "mel"}, {"task", "room"}, {"dataset", "rooms"}, {"seed", 2}}));
  EXPECT_EQ(*axes.find("dataset"), "rooms");
  EXPECT_EQ(axes.find("fold"), nullptr);
}

TEST(OptionAxis, has_the_name_of_a_table_and_an_option) {
  const auto axis = option_axis("language_model.lora.rank");
  ASSERT_TRUE(axis);
  EXPECT_EQ(axis->table, Table::language_model);
  EXPECT_EQ(axis->option, "lora.rank");
  for (const auto* other : {"task", "taks.lr", "task.", "pretrain.lr"})
    EXPECT_FALSE(option_axis(other)) << other;
}

Match where(const std::string& conditions) {
  return parse(
             small("encoder = ['mel', 'level']\ntask = ['room', 'event']\n'task.lr' = [0.1, 'no']\n"
                   "seed = [0, 1, 2]\nwhere = { " +
                   conditions + " }\n"))
      .blocks[0]
      .where;
}

TEST(Match, holds_where_all_its_conditions_do) {
  const Axes mel{{"encoder", "mel"}, {"task.lr", OptionValue{0.1}}, {"seed", 1}};
  EXPECT_TRUE(where("encoder = 'mel', seed = [1, 2]").holds(mel));
  EXPECT_FALSE(where("encoder = 'mel', seed = 2").holds(mel));
  EXPECT_FALSE(where("encoder = { not = ['mel', 'level'] }").holds(mel));
  EXPECT_TRUE(where("seed = { ge = 1, le = 1 }, 'task.lr' = { le = 0.1 }").holds(mel));
  EXPECT_FALSE(where("seed = { ge = 1.5 }").holds(mel));
  EXPECT_FALSE(where("task = 'room'").holds(mel)) << "the cell lacks the axis";
  const Axes text{{"task.lr", OptionValue{"no"}}};
  EXPECT_FALSE(where("'task.lr' = { ge = 0 }").holds(text)) << "no number";
  EXPECT_TRUE(where("'task.lr' = { in = ['no'] }").holds(text));
}

TEST(Match, is_written_in_the_shortest_way) {
  EXPECT_EQ(
      where("encoder = ['mel'], task = { in = ['room', 'event'] }, seed = { ge = 1, not = 2 }")
          .json(),
      Json::parse(R"({"encoder": "mel", "task": ["room", "event"],
                            "seed": {"ge": 1.0, "not": 2}})"));
}

}  // namespace
}  // namespace earshot::host
