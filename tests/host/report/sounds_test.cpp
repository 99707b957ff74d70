#include "host/report/sounds.hpp"

#include "../store/fixture.hpp"
#include "files.hpp"
#include "host/report/page.hpp"

namespace earshot::host {
namespace {

using earshot::testing::write;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Results of which two runs have left samples, and whose dataset is in no file.
class Sounds : public ::testing::Test {
 protected:
  Sounds() {
    record(store, plan);
    leave(0, "first");
    leave(1, "second");
    ReportedExperiment experiment{.name = "ablation"};
    for (const auto* content : {"first", "second"})
      experiment.samples.push_back({.name = "sample_0",
                                    .before = key_of(std::string(content) + " before"),
                                    .after = key_of(std::string(content) + " after")});
    data.experiments = {experiment};
  }

  void leave(std::size_t cell, const std::string& content) {
    auto run = ok_run();
    for (const std::string side : {"before", "after"}) {
      const auto file = folder / std::to_string(cell) / ("sample_0_" + side + ".flac");
      const auto text = content + " " + side;
      write(file, text);
      run.artifacts.push_back(
          {file.filename().string(), file.string(), key_of(text), std::ssize(text)});
    }
    run_cell(store, plan.cells[cell].key, run);
  }

  ReportedSounds embedded(std::size_t most, std::size_t room = 100'000) {
    ItemSounds items({.cache = folder / "cache"});
    embed_sounds(data, store, items, most, room);
    return data.sounds.value_or(ReportedSounds());
  }

  TemporaryFolder folder;
  Store store{folder / "results.db", Store::Mode::write};
  Small plan = small();
  PageData data{};
};

TEST_F(Sounds, of_samples_are_in_the_page_by_the_hash_of_their_files) {
  const auto sounds = embedded(10);
  EXPECT_THAT(sounds.files, SizeIs(4));
  EXPECT_THAT(sounds.files.at(key_of("first before")),
              ElementsAre("data:audio/flac;base64,Zmlyc3QgYmVmb3Jl"));
  EXPECT_THAT(sounds.left_out, IsEmpty());
  EXPECT_EQ(protocol::json_text(Json(data)).find("\"left_out\":[\"Of"), std::string::npos);
}

TEST_F(Sounds, beyond_the_number_are_left_out_and_that_is_said) {
  const auto sounds = embedded(1);
  EXPECT_THAT(sounds.files, SizeIs(2));
  EXPECT_THAT(sounds.left_out, ElementsAre(AllOf(HasSubstr("Of 2 items and samples, 1 were chosen"),
                                                 HasSubstr("'runner view' plays all"))));
}

TEST_F(Sounds, stay_below_the_room_that_there_is) {
  const auto sounds = embedded(10, 4'000 + 250);
  EXPECT_THAT(sounds.files, SizeIs(2));
  EXPECT_LT(script_json(Json(sounds)).size(), 4'000u + 250);
  EXPECT_THAT(sounds.left_out, ElementsAre(HasSubstr("the sounds of 1 of them are left out")));
  EXPECT_THAT(embedded(10, 0).files, IsEmpty());
}

TEST_F(Sounds, that_are_gone_or_have_changed_are_left_out_and_that_is_said) {
  write(folder / "0/sample_0_after.flac", "first AFTER");
  std::filesystem::remove(folder / "1/sample_0_before.flac");
  const auto sounds = embedded(10);
  EXPECT_THAT(sounds.files, IsEmpty());
  EXPECT_THAT(sounds.left_out,
              ElementsAre(AllOf(HasSubstr("The sounds of 2 of them cannot be read"),
                                HasSubstr("is not what it was when the results were made"))));
}

TEST_F(Sounds, of_items_whose_dataset_cannot_be_found_are_left_out_and_that_is_said) {
  ReportedAnswers block{.dataset = "scenes", .dataset_key = plan.datasets[0].key};
  block.items = {{.position = 4, .id = "clip4"}, {.position = 5, .id = "clip5"}};
  data.answers = {block};
  const auto sounds = embedded(3);
  EXPECT_THAT(sounds.files, SizeIs(4)) << "of both samples, in turn with items";
  ASSERT_THAT(sounds.left_out, SizeIs(2));
  EXPECT_THAT(sounds.left_out[0], HasSubstr("Of 4 items and samples, 3 were chosen"));
  EXPECT_THAT(sounds.left_out[1], HasSubstr("The sounds of 1 of them cannot be read"));
}

TEST_F(Sounds, are_only_of_samples_and_of_the_size_that_the_results_say) {
  EXPECT_EQ(sample_bytes(store, key_of("first after")).bytes, "first after");
  EXPECT_EQ(sample_bytes(store, key_of("first after")).type, "audio/flac");
  EXPECT_THAT(failure_of([&] { sample_bytes(store, key_of("none")); }, ExitCode::usage),
              HasSubstr("no such sample"));
  auto run = ok_run();
  run.artifacts = {{"endless_after.flac", "/dev/zero", key_of("zeros"), 5}};
  run_cell(store, plan.cells[2].key, run);
  EXPECT_THAT(failure_of([&] { sample_bytes(store, key_of("zeros")); }, ExitCode::usage),
              HasSubstr("/dev/zero"));
}

}  // namespace
}  // namespace earshot::host
