#include <gmock/gmock.h>

#include "commands.hpp"
#include "host/store/migration.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST_F(Commands, db_checks_and_copies) {
  EXPECT_THAT(run(db_command, {"check"}),
              AllOf(HasSubstr("schema " + std::to_string(newest_schema())),
                    HasSubstr("run         11"), HasSubstr("no problems found")));
  const auto copy = (folder / "copy.db").string();
  run(db_command, {"backup", copy});
  EXPECT_THAT(output_of(db_command, {"check", "--results", copy}), HasSubstr("no problems found"));
  EXPECT_THAT(usage_of(db_command, {"backup", copy}), HasSubstr("already exists"));
  EXPECT_THAT(usage_of(db_command, {"chek"}), HasSubstr("did you mean 'check'"));
  EXPECT_THAT(failure_of([&] {
                output_of(db_command, {"check", "--results", (folder / "none.db").string()});
              }),
              HasSubstr("there is no such results file"));
}

TEST_F(Commands, db_check_finds_a_number_that_has_changed) {
  {
    Store store(file, Store::Mode::write);
    Statement(connection_of(store), "UPDATE prediction SET mark = 1 - mark WHERE run_id = 3").run();
  }
  EXPECT_THAT(failure_of([&] { run(db_command, {"check"}); }), HasSubstr("has 1 problem"));
}

TEST_F(Commands, db_check_finds_rows_that_refer_to_nothing) {
  {
    Store store(file, Store::Mode::write);
    Statement(connection_of(store), "PRAGMA foreign_keys = OFF").run();
    Statement(connection_of(store), "DELETE FROM slice WHERE name = 'event'").run();
  }
  EXPECT_THAT(failure_of([&] { run(db_command, {"check"}); }), HasSubstr("has 10 problems"));
}

}  // namespace
}  // namespace earshot::host
