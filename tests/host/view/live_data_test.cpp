#include "host/view/live_data.hpp"

#include <chrono>
#include <functional>
#include <thread>

#include <gmock/gmock.h>

#include "../store/fixture.hpp"
#include "files.hpp"
#include "host/experiment/claims.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
using earshot::testing::text_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A results file with the experiment "ablation", of which one cell has run.
class Live : public ::testing::Test {
 protected:
  Live() {
    plan.experiment.resolved["claims"] = to_record(Claims{});
    make(file);
  }

  void make(const fs::path& to) {
    Store store(to, Store::Mode::write);
    record(store, plan);
    run_cell(store, plan.cells[0].key, ok_run());
  }

  LiveSettings settings(std::vector<std::string> experiments = {}) const {
    return {.results = file,
            .experiments = std::move(experiments),
            .generator = "Earshot",
            .every = std::chrono::milliseconds(5)};
  }

  /// The first state that is as wanted; fails after 20 s.
  static LiveState wait_for(const LiveData& live,
                            const std::function<bool(const LiveState&)>& wanted) {
    LiveState now;
    for (int i = 0; i < 4000; ++i) {
      now = live.now();
      if (wanted(now)) return now;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << "still revision '" << now.revision << "', problem '" << now.problem << "'";
    return now;
  }
  static LiveState first(const LiveData& live) {
    return wait_for(live, [](const LiveState& now) { return !now.revision.empty(); });
  }
  static std::int64_t finished_in(const LiveState& state) {
    return Json::parse(*state.data).at("experiments").at(0).at("states").at("ok");
  }

  TemporaryFolder folder;
  fs::path file = folder / "results.db";
  Small plan = small();
};

TEST_F(Live, has_the_data_of_a_report) {
  const LiveData live(settings({"ablation"}));
  const auto state = first(live);
  auto expected = page_data(Store(file, Store::Mode::read), {"ablation"});
  expected.generator = "Earshot";
  expected.results = "results.db";
  EXPECT_EQ(Json::parse(*state.data), Json(expected));
  EXPECT_EQ(state.problem, "");
}

TEST_F(Live, follows_a_run_of_another_process) {
  const LiveData live(settings({"ablation"}));
  const auto before = first(live);
  EXPECT_EQ(finished_in(before), 1);
  Store store(file, Store::Mode::write);
  run_cell(store, plan.cells[1].key, ok_run());
  const auto after =
      wait_for(live, [&](const LiveState& now) { return now.revision != before.revision; });
  EXPECT_EQ(finished_in(wait_for(live, [](const LiveState& now) { return finished_in(now) == 2; })),
            2);
  EXPECT_NE(after.data, before.data);
}

TEST_F(Live, shows_all_experiments_also_those_that_come_later) {
  const LiveData live(settings());
  EXPECT_EQ(Json::parse(*first(live).data).at("experiments").size(), 1u);
  {
    Store store(file, Store::Mode::write);
    plan.experiment.name = "<script>alert(1)</script>\x1b[31m";
    record(store, plan);
  }
  const auto state = wait_for(live, [](const LiveState& now) {
    return Json::parse(*now.data).at("experiments").size() == 2;
  });
  EXPECT_EQ(Json::parse(*state.data).at("experiments").at(0).at("name"),
            "<script>alert(1)</script>\x1b[31m");
}

TEST_F(Live, keeps_its_data_and_says_why_when_the_file_is_gone_and_takes_the_one_in_its_place) {
  const LiveData live(settings({"ablation"}));
  const auto before = first(live);
  fs::remove(file);
  const auto gone = wait_for(live, [](const LiveState& now) { return !now.problem.empty(); });
  EXPECT_THAT(gone.problem, AllOf(HasSubstr(file.string()), HasSubstr("no such results file")));
  EXPECT_EQ(gone.revision, before.revision);
  EXPECT_EQ(gone.data, before.data);
  make(folder / "other.db");
  {
    Store store(folder / "other.db", Store::Mode::write);
    run_cell(store, plan.cells[1].key, ok_run());
  }
  fs::rename(folder / "other.db", file);
  const auto back = wait_for(
      live, [](const LiveState& now) { return now.problem.empty() && finished_in(now) == 2; });
  EXPECT_NE(back.revision, before.revision);
}

TEST_F(Live, changes_nothing) {
  const auto before = text_of(file);
  {
    const LiveData live(settings());
    first(live);
  }
  EXPECT_EQ(text_of(file), before);
  for (const auto& entry : fs::directory_iterator(folder.path()))
    EXPECT_THAT(entry.path().filename().string(),
                ::testing::AnyOf("results.db", "results.db-owners"));
}

TEST_F(Live, refuses_at_once_what_it_cannot_show) {
  EXPECT_THAT(failure_of([&] { LiveData live(settings({"ablatio"})); }, ExitCode::usage),
              HasSubstr("did you mean 'ablation'"));
  fs::remove(file);
  EXPECT_THAT(failure_of([&] { LiveData live(settings()); }), HasSubstr("no such results file"));
}

TEST_F(Live, ends_while_it_reads) {
  for (int delay = 0; delay < 5; ++delay) {
    const LiveData live(settings());
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
  }
}

}  // namespace
}  // namespace earshot::host
