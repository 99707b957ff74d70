#include "host/experiment/sources.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The experiment of most tests, with encoders that follow its matrix.
std::string with_encoders(const std::string& encoders) {
  return small("encoder = ['mel']\ntask = ['room']\n") + encoders;
}

std::string refused_from(const std::string& encoders) {
  return refusal([&] { parse(with_encoders(encoders)); });
}

TEST(From, is_a_label_or_a_list_of_labels) {
  const auto experiment =
      parse(with_encoders("[encoder.a]\nuse = 'units'\nfrom = 'mel'\n"
                          "[encoder.b]\nuse = 'fusion'\nfrom = ['a', 'level', 'a']\n"));
  EXPECT_THAT(experiment.find(Table::encoder, "a")->from(), ElementsAre("mel"));
  EXPECT_THAT(experiment.find(Table::encoder, "b")->from(), ElementsAre("a", "level", "a"));
  EXPECT_THAT(experiment.find(Table::encoder, "mel")->from(), IsEmpty());
  EXPECT_THAT(experiment.find(Table::task, "room")->from(), IsEmpty());
}

TEST(From, names_encoders_of_the_experiment) {
  EXPECT_THAT(refused_from("[encoder.a]\nuse = 'units'\nfrom = 'mell'\n"),
              HasSubstr("x.toml:21:8: unknown encoder 'mell'; known: a, level, mel; did you mean "
                        "'mel'?"));
  EXPECT_THAT(refused_from("[encoder.a]\nuse = 'units'\nfrom = []\n"),
              HasSubstr("x.toml:21:8: from names no encoder"));
  EXPECT_THAT(refused_from("[encoder.a]\nuse = 'units'\nfrom = 3\n"),
              HasSubstr("from is 3 (an integer); expected a list of strings"));
  EXPECT_THAT(refused_from("[task.b]\nuse = 'knn'\ndataset = 'rooms'\nfrom = 'mel'\n"),
              HasSubstr("unknown key in [task.b]: 'from'"));
}

TEST(From, that_leads_back_is_refused_with_its_path) {
  EXPECT_THAT(refused_from("[encoder.a]\nuse = 'units'\nfrom = 'a'\n"),
              HasSubstr("x.toml:21:8: encoder 'a' would read itself: a -> a"));
  EXPECT_THAT(refused_from("[encoder.a]\nuse = 'units'\nfrom = 'b'\n"
                           "[encoder.b]\nuse = 'fusion'\nfrom = ['mel', 'c']\n"
                           "[encoder.c]\nuse = 'units'\nfrom = 'a'\n"),
              HasSubstr("encoder 'a' would read itself: a -> b -> c -> a; remove one of these"));
  EXPECT_THAT(refused_from("[encoder.a]\nuse = 'units'\nfrom = 'b'\n"
                           "[encoder.b]\nuse = 'units'\nfrom = 'b'\n"),
              HasSubstr("encoder 'b' would read itself: b -> b"));
}

TEST(From, that_leads_to_the_same_encoder_twice_is_no_cycle) {
  std::string encoders = "[encoder.r0]\nuse = 'units'\nfrom = ['mel', 'mel']\n";
  for (int i = 1; i < 30; ++i) {
    const auto before = "'r" + std::to_string(i - 1) + "'";
    encoders += "[encoder.r" + std::to_string(i) + "]\nuse = 'units'\nfrom = [" + before + ", " +
                before + "]\n";
  }
  EXPECT_NO_THROW(parse(with_encoders(encoders)));
}

TEST(From, that_leads_through_very_many_encoders_is_refused) {
  std::string encoders = "[encoder.r0]\nuse = 'units'\nfrom = 'mel'\n";
  for (int i = 1; i < 1000; ++i)
    encoders += "[encoder.r" + std::to_string(i) + "]\nuse = 'units'\nfrom = 'r" +
                std::to_string(i - 1) + "'\n";
  EXPECT_THAT(refused_from(encoders), HasSubstr("a chain of more than 32 encoders"));
}

TEST(From, can_be_an_axis_or_an_override) {
  const auto axis =
      parse(small("encoder = ['a']\ntask = ['room']\n\"encoder.from\" = ['mel', ['mel', 'level']]\n"
                  "[encoder.a]\nuse = 'units'\nfrom = 'level'\n"));
  const auto cells = expand(axis, {}, [](const auto&) { return std::vector<std::int64_t>{}; });
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_THAT(cells[0].encoder.component->from(), ElementsAre("mel"));
  EXPECT_THAT(cells[1].encoder.component->from(), ElementsAre("mel", "level"));
  EXPECT_EQ(cells[1].encoder.component->position_of("from").line, 19);
}

}  // namespace
}  // namespace earshot::host
