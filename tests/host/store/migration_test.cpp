#include "host/store/migration.hpp"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/store/content_hash.hpp"
#include "host/store/open.hpp"
#include "results_files.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* add_note = "ALTER TABLE run ADD COLUMN note TEXT;";

/// The steps of a later runner, with one more.
std::vector<Migration> with_another(const std::string& sql = add_note) {
  auto known = migrations();
  known.push_back({"another", sql, newest_schema(), newest_schema() + 1});
  return known;
}

/// A file of 40 runs, and then brought to the schema after the newest.
class Migrating : public ::testing::Test {
 protected:
  Migrating() { make_results(file); }

  Connection migrated(const std::vector<Migration>& known = with_another()) {
    return open_for_writing(file, known);
  }

  const TemporaryFolder folder;
  const fs::path file = folder / "results.db";
};

TEST_F(Migrating, keeps_rows_and_a_copy_of_the_old_file) {
  const auto before = newest_schema();
  const auto connection = migrated();
  EXPECT_EQ(schema_of(connection), before + 1);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM run WHERE note IS NULL"), 40);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM schema_migration"), 2);
  EXPECT_TRUE(changed_content(connection).empty());
  const auto copy = file.string() + ".v" + std::to_string(before) + ".bak";
  EXPECT_EQ(count(Store(copy, Store::Mode::read), "run"), 40);
}

TEST_F(Migrating, gives_the_tables_indices_and_views_of_a_new_file) {
  auto known = with_another();
  known[0].sql += add_note;
  known[0].to = newest_schema(known);
  const auto fresh = open_for_writing(folder / "new.db", known);
  EXPECT_EQ(fresh.integer("SELECT count(*) FROM schema_migration"), 1);
  const auto columns = [](const Connection& connection) {
    return connection.text(
        "SELECT group_concat(line, char(10)) FROM (SELECT m.type || ' ' || m.name || "
        "coalesce(' ' || c.name || ' ' || c.type || c.\"notnull\" || c.pk, '') AS line "
        "FROM sqlite_master m LEFT JOIN pragma_table_xinfo(m.name) c ON m.type <> 'index' "
        "ORDER BY 1)");
  };
  EXPECT_EQ(columns(migrated()), columns(fresh));
  EXPECT_THAT(columns(fresh), HasSubstr("table run note TEXT"));
}

TEST_F(Migrating, is_asked_for_before_an_older_file_is_read) {
  EXPECT_THAT(failure_of([&] { open_for_reading(file, with_another()); }),
              HasSubstr("'runner db migrate' converts it"));
  migrated();
  EXPECT_EQ(open_for_reading(file, with_another()).integer("SELECT count(*) FROM result"), 120);
}

// Regression: a migration dropped views of the user, and failed on names with spaces.
TEST_F(Migrating, keeps_the_views_of_the_user_whatever_their_names) {
  change(file,
         "CREATE VIEW mine AS SELECT count(*) AS n FROM run;"
         "CREATE VIEW \"my view\" AS SELECT encoder FROM leaderboard;"
         "CREATE VIEW \"a \"\"quoted\"\" one\" AS SELECT typeof(value) AS t FROM prediction;"
         "CREATE VIEW broken AS SELECT what_is_gone FROM run;");
  const auto connection = migrated();
  EXPECT_EQ(connection.integer("SELECT n FROM mine"), 40);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM \"my view\""), 4);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM \"a \"\"quoted\"\" one\""), 160);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM sqlite_master WHERE name = 'broken'"), 1);
}

TEST_F(Migrating, refuses_a_view_of_the_user_with_the_name_of_a_new_one) {
  // As if `answer` had come with the newer schema.
  change(file,
         "UPDATE schema_migration SET views = (SELECT json_group_array(value) "
         "FROM json_each(views) WHERE value <> 'answer');"
         "DROP VIEW answer; CREATE VIEW answer AS SELECT 42 AS a");
  EXPECT_THAT(failure_of([&] { migrated(); }),
              AllOf(HasSubstr("a view 'answer'"), HasSubstr("Rename yours")));
  EXPECT_EQ(Connection(file.string(), SQLITE_OPEN_READONLY, "x").integer("SELECT a FROM answer"),
            42);
  change(file, "DROP VIEW answer");
  EXPECT_EQ(migrated().integer("SELECT count(*) FROM answer"), 0) << "no items are recorded";
}

TEST_F(Migrating, that_fails_leaves_the_file_as_it_was) {
  EXPECT_THROW(migrated(with_another(std::string(add_note) + " no;")), Failure);
  EXPECT_THROW(migrated(with_another("PRAGMA defer_foreign_keys = ON; DELETE FROM cell;")),
               Failure);
  EXPECT_EQ(count(Store(file, Store::Mode::read), "run"), 40);
}

TEST_F(Migrating, refuses_a_file_that_another_step_of_the_same_number_made) {
  migrated();
  EXPECT_THAT(failure_of([&] { migrated(with_another("ALTER TABLE run ADD COLUMN memo TEXT;")); }),
              HasSubstr("with another schema " + std::to_string(newest_schema() + 1)));
}

TEST(Creating, by_eight_processes_at_once_happens_once) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  std::vector<pid_t> racers;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      try {
        Store store(file, Store::Mode::write);
        const auto plan = small();
        record(store, plan);
        // Each cell is claimed by one of them only.
        for (const auto& cell : plan.cells) {
          if (const auto run = store.begin_run(cell.key)) store.finish_run(*run, ok_run());
        }
        _exit(0);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        _exit(1);
      }
    }
    racers.push_back(child);
  }
  for (const auto racer : racers) {
    int status = 0;
    waitpid(racer, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const Store store(file, Store::Mode::read);
  EXPECT_EQ(count(store, "schema_migration"), 1);
  EXPECT_EQ(count(store, "experiment"), 1);
  EXPECT_EQ(count(store, "run"), 12);
  EXPECT_EQ(count(store, "run WHERE state = 'ok'"), 12);
}

}  // namespace
}  // namespace earshot::host
