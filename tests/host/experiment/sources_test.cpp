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

/// Readers r0, r1 ..., each of the one before it, once or twice; r0 reads mel.
std::string chain_of_readers(int count, bool twice) {
  std::string encoders, before = "'mel'";
  for (int i = 0; i < count; ++i) {
    const auto label = "r" + std::to_string(i);
    encoders += "[encoder." + label + "]\nuse = 'units'\nfrom = [" + before +
                (twice ? ", " + before : "") + "]\n";
    before = "'" + label + "'";
  }
  return encoders;
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
  EXPECT_NO_THROW(parse(with_encoders(chain_of_readers(5, true))));
}

TEST(From, that_leads_to_very_many_encoders_is_refused) {
  EXPECT_NO_THROW(parse(with_encoders(chain_of_readers(100, false))));
  EXPECT_THAT(refused_from(chain_of_readers(101, false)),
              HasSubstr("encoder 'r100' reads more than 100 encoders"));
  EXPECT_THAT(refused_from(chain_of_readers(1000, false)), HasSubstr("more than 100 encoders"));
  EXPECT_THAT(refused_from(chain_of_readers(30, true)), HasSubstr("more than 100 encoders"))
      << "a thousand million, each as often as it is read";
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
