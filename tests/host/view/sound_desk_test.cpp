#include "host/view/sound_desk.hpp"

#include <gmock/gmock.h>

#include "../store/fixture.hpp"
#include "files.hpp"

namespace earshot::host {
namespace {

using earshot::testing::write;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

/// Results with six items, whose experiment is in no file, and a run that has left a sample.
class Desk : public ::testing::Test {
 protected:
  Desk() {
    Store store(results, Store::Mode::write);
    plan.experiment.file = (folder / "ablation.toml").string();
    record(store, plan);
    Json items = Json::array();
    for (int i = 0; i < 6; ++i)
      items.push_back({"clip" + std::to_string(i), Json::object(), Json::object(), Json::object()});
    store.add_items(plan.datasets[0].key, items);
    write(sample, "sound");
    auto run = ok_run();
    run.artifacts = {{"sample_0_after.flac", sample.string(), key_of("sound"), 5},
                     {"notes.txt", (folder / "notes.txt").string(), key_of("secret"), 6}};
    run_cell(store, plan.cells[0].key, run);
    write(folder / "notes.txt", "secret");
  }

  SoundDesk::Settings settings() const {
    return {.results = results, .planning = {.cache = folder / "cache"}};
  }
  PageAnswer item(const std::string& dataset, std::int64_t position, std::int64_t clip = 0) {
    SoundDesk desk(settings());
    return desk.answer(ItemTarget{dataset, position, clip});
  }
  PageAnswer file(const std::string& content) {
    SoundDesk desk(settings());
    return desk.answer(SampleTarget{key_of(content)});
  }

  TemporaryFolder folder;
  std::filesystem::path results = folder / "results.db", sample = folder / "sample_0_after.flac";
  Small plan = small();
};

TEST_F(Desk, gives_samples_as_they_were_recorded) {
  const auto answer = file("sound");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.type, "audio/flac");
  EXPECT_EQ(*answer.body, "sound");
  EXPECT_THAT(answer.headers, Contains(Pair("Earshot-Clips", "1")));
}

TEST_F(Desk, gives_no_file_that_is_not_a_sample) {
  for (const auto* content : {"secret", "other"}) {
    const auto answer = file(content);
    EXPECT_EQ(answer.status, 404);
    EXPECT_THAT(*answer.body, HasSubstr("these results have no such sample"));
  }
}

TEST_F(Desk, says_that_a_sample_has_changed_or_is_gone) {
  write(sample, "SOUND");
  auto answer = file("sound");
  EXPECT_EQ(answer.status, 410);
  EXPECT_THAT(*answer.body, AllOf(HasSubstr(sample.string()), HasSubstr("is not what it was")));
  std::filesystem::remove(sample);
  answer = file("sound");
  EXPECT_EQ(answer.status, 410);
  EXPECT_THAT(*answer.body, HasSubstr("is gone"));
}

TEST_F(Desk, knows_only_items_of_the_results) {
  EXPECT_EQ(item(plan.datasets[0].key, 6).status, 404);
  EXPECT_EQ(item(key_of("other"), 0).status, 404);
}

TEST_F(Desk, says_that_the_experiments_file_is_gone_without_its_control_characters) {
  plan.experiment.file = (folder / "\x1b[31mgone.toml").string();
  {
    Store store(results, Store::Mode::write);
    record(store, plan);
  }
  const auto answer = item(plan.datasets[0].key, 0);
  EXPECT_EQ(answer.status, 410);
  EXPECT_EQ(answer.type, "text/plain; charset=utf-8");
  EXPECT_THAT(*answer.body, AllOf(HasSubstr("the audio cannot be read"), HasSubstr("gone.toml"),
                                  ::testing::Not(HasSubstr("\x1b"))));
}

TEST_F(Desk, says_that_the_results_are_gone) {
  SoundDesk desk(settings());
  std::filesystem::remove(results);
  const auto answer = desk.answer(ItemTarget{plan.datasets[0].key, 0, 0});
  EXPECT_EQ(answer.status, 410);
  EXPECT_THAT(*answer.body, HasSubstr("no such results file"));
}

TEST_F(Desk, lets_no_more_wait_than_it_should) {
  auto few = settings();
  few.most_waiting = 0;
  SoundDesk desk(few);
  const auto answer = desk.answer(ItemTarget{plan.datasets[0].key, 0, 0});
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(*answer.body, HasSubstr("play this again in a while"));
  EXPECT_EQ(desk.answer(SampleTarget{key_of("sound")}).status, 200) << "it is read at once";
}

TEST_F(Desk, ends_at_once_if_nothing_is_being_read) {
  SoundDesk desk(settings());
  EXPECT_TRUE(desk.end_within(std::chrono::seconds(10)));
  EXPECT_EQ(desk.answer(ItemTarget{plan.datasets[0].key, 0, 0}).status, 503);
}

}  // namespace
}  // namespace earshot::host
