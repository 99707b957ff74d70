#include <algorithm>
#include <fstream>
#include <functional>

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.hpp"
#include "host/store/content_hash.hpp"
#include "host/store/open.hpp"
#include "results_files.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
using earshot::testing::text_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A results file in use, for what others do to it meanwhile.
class InUse : public ::testing::Test {
 protected:
  InUse() {
    plan = small();
    record(store, plan);
    run_cell(store, plan.cells[0].key, ok_run());
  }

  std::string next() {
    return failure_of([&] { run_cell(store, plan.cells[1].key, ok_run()); });
  }

  TemporaryFolder folder;
  fs::path file = folder / "results.db";
  Small plan;
  Store store{file, Store::Mode::write};
};

TEST_F(InUse, a_file_that_is_removed_ends_the_next_transaction) {
  fs::remove(file);
  EXPECT_THAT(next(), AllOf(HasSubstr(file.string()), HasSubstr("was removed or replaced")));
  EXPECT_THAT(failure_of([&] { store.require_in_place(); }), HasSubstr("was removed or replaced"));
}

// Regression: the log of a results file that was replaced was taken for that of the file in its
// place.
TEST_F(InUse, a_file_that_is_replaced_is_left_as_it_is) {
  const auto other = folder / "other.db";
  make_results(other);
  const auto before = text_of(other);
  fs::rename(other, file);
  EXPECT_THAT(next(), HasSubstr("was removed or replaced"));
  EXPECT_EQ(text_of(file), before);
  EXPECT_EQ(count(Store(file, Store::Mode::read), "run"), 40)
      << "the log of the former file is not taken for its own";
}

TEST_F(InUse, a_log_that_is_removed_ends_the_next_transaction) {
  fs::remove(file.string() + "-wal");
  EXPECT_THAT(next(), AllOf(HasSubstr("-wal"), HasSubstr("was removed or replaced")));
}

TEST_F(InUse, a_file_that_is_renamed_ends_the_next_transaction) {
  fs::rename(file, folder / "elsewhere.db");
  EXPECT_THAT(next(), HasSubstr("was removed or replaced"));
}

TEST_F(InUse, a_link_that_leads_elsewhere_ends_the_next_transaction) {
  const auto link = folder / "link.db";
  fs::create_symlink(file, link);
  Store linked(link, Store::Mode::write);
  run_cell(linked, plan.cells[1].key, ok_run());
  fs::remove(link);
  make_results(folder / "third.db");
  fs::create_symlink(folder / "third.db", link);
  EXPECT_THAT(failure_of([&] { run_cell(linked, plan.cells[2].key, ok_run()); }),
              HasSubstr("was removed or replaced"));
}

}  // namespace
}  // namespace earshot::host
