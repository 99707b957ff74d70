#include "host/store/open.hpp"

#include <fstream>

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.hpp"
#include "fixture.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
using earshot::testing::text_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A file of 40 finished cells, closed cleanly.
void make_results(const fs::path& file) {
  Store store(file, Store::Mode::write);
  const auto plan = small({"a", "b"}, {"room", "quality"}, 10);
  record(store, plan);
  for (const auto& cell : plan.cells)
    run_cell(store, cell.key, ok_run());
}

void change(const fs::path& file, const std::string& sql) {
  Connection(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "x").execute(sql);
}

std::string refusal(const fs::path& file, Store::Mode mode = Store::Mode::write) {
  return failure_of([&] { Store store(file, mode); });
}

TEST(Opening, makes_the_folders_and_leaves_one_file_when_closed) {
  const TemporaryFolder folder;
  const auto file = folder / "deep" / "results.db";
  { const Store store(file, Store::Mode::write); }
  EXPECT_TRUE(fs::exists(file));
  EXPECT_FALSE(fs::exists(file.string() + "-wal"));
  EXPECT_FALSE(fs::exists(file.string() + "-shm"));
}

TEST(Opening, a_file_of_a_newer_runner_is_refused_by_version_and_kept) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  change(file, "PRAGMA user_version = 3");
  const auto before = text_of(file);
  EXPECT_THAT(refusal(file), AllOf(HasSubstr(file.string()), HasSubstr("schema 3"),
                                   HasSubstr("this runner knows 2")));
  EXPECT_THAT(refusal(file, Store::Mode::read), HasSubstr("schema 3"));
  EXPECT_EQ(text_of(file), before);
}

TEST(Opening, a_file_of_a_schema_below_zero_is_damaged) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  change(file, "PRAGMA user_version = -16777214");
  EXPECT_THAT(refusal(file), AllOf(HasSubstr(file.string()), HasSubstr("is damaged")));
  EXPECT_THAT(refusal(file, Store::Mode::read), HasSubstr("is damaged"));
}

TEST(Opening, a_migration_of_number_zero_or_less_is_passed_over) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  change(file, "INSERT INTO schema_migration VALUES (0, 'x', '" + std::string(64, 'a') +
                   "', 0), "
                   "(-5, 'y', '" +
                   std::string(64, 'b') + "', 0)");
  EXPECT_EQ(count(Store(file, Store::Mode::read), "run"), 40);
}

TEST(Opening, names_that_are_no_file_are_refused) {
  for (const std::string name : {":memory:", "", "file:x?mode=memory", "/dev/null"})
    for (const auto mode : {Store::Mode::write, Store::Mode::read})
      EXPECT_THAT(failure_of([&] { Store store(name, mode); }, ExitCode::usage),
                  HasSubstr("--results"))
          << name;
}

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
  EXPECT_THAT(failure_of([&] { store.connection().require_in_place(); }),
              HasSubstr("was removed or replaced"));
}

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

TEST(Opening, flipped_bytes_are_found_and_nothing_is_made_anew) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(5 * 4096);
    stream << std::string(6 * 4096, '\xa5');
  }
  const auto before = text_of(file);
  EXPECT_THAT(refusal(file), AllOf(HasSubstr("is damaged"), HasSubstr("backup")));
  EXPECT_THAT(refusal(file, Store::Mode::read), HasSubstr("is damaged"));
  EXPECT_EQ(text_of(file), before);
}

TEST(Opening, a_truncated_file_is_damaged) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  fs::resize_file(file, fs::file_size(file) / 2 / 4096 * 4096);
  EXPECT_THAT(refusal(file), HasSubstr("is damaged"));
}

TEST(Opening, other_files_are_not_taken_for_results) {
  const TemporaryFolder folder;
  std::ofstream(folder / "text.db") << "this is a text file, not a data base, and long enough";
  EXPECT_THAT(refusal(folder / "text.db"), HasSubstr("not a results file"));
  change(folder / "other.db", "CREATE TABLE t(a); PRAGMA application_id = 7");
  EXPECT_THAT(refusal(folder / "other.db"), HasSubstr("another program"));
  EXPECT_THAT(refusal(folder / "missing.db", Store::Mode::read),
              HasSubstr("there is no such results file"));
  EXPECT_FALSE(fs::exists(folder / "missing.db"));
  EXPECT_THAT(refusal("/proc/1/nowhere/results.db"), HasSubstr("folder cannot be made"));
  fs::create_directory(folder / "folder.db");
  EXPECT_THAT(refusal(folder / "folder.db"), HasSubstr("cannot be opened"));
}

TEST(Opening, a_schema_of_a_development_version_is_refused) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  change(file, "UPDATE schema_migration SET sql_sha256 = printf('%064d', 0)");
  EXPECT_THAT(refusal(file), HasSubstr("development version with another schema 1"));
}

TEST(Opening, network_file_systems_are_known_by_their_number) {
  EXPECT_EQ(network_file_system(0x6969), "nfs");
  EXPECT_EQ(network_file_system(static_cast<int>(0xff534d42)), "cifs");
  EXPECT_EQ(network_file_system(0xef53), "");  // ext4
}

TEST(Opening, readers_can_change_nothing_and_make_no_file) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  const Store store(file, Store::Mode::read);
  auto& connection = const_cast<Connection&>(store.connection());
  for (const auto& sql : std::vector<std::string>{
           "DELETE FROM run", "CREATE TABLE t(a)", "PRAGMA query_only = OFF",
           "PRAGMA user_version = 9", "ATTACH '" + (folder / "new.db").string() + "' AS n",
           "VACUUM INTO '" + (folder / "new.db").string() + "'"}) {
    EXPECT_THROW(connection.execute(sql), Failure) << sql;
  }
  EXPECT_FALSE(fs::exists(folder / "new.db"));
  EXPECT_EQ(count(store, "run"), 40);
}

TEST(Opening, a_lock_held_by_another_process_is_said) {
  const TemporaryFolder folder;
  Store store(folder / "results.db", Store::Mode::write);
  Store other(folder / "results.db", Store::Mode::write);
  const auto plan = small();
  record(store, plan);
  sqlite3_busy_timeout(other.handle(), 50);
  sqlite3_exec(store.handle(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  EXPECT_THAT(failure_of([&] { other.begin_run(plan.cells[0].key); }),
              HasSubstr("is locked by another process"));
  sqlite3_exec(store.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  EXPECT_TRUE(other.begin_run(plan.cells[0].key).has_value());
}

TEST(Opening, a_full_disk_leaves_no_half_run_and_the_same_run_can_end_later) {
  const TemporaryFolder folder;
  Store store(folder / "results.db", Store::Mode::write);
  const auto plan = small();
  record(store, plan);
  auto run = ok_run();
  for (std::int64_t item = 6; item < 20'000; ++item)
    run.predictions.push_back({item, "dog", "", {}});
  const auto id = store.begin_run(plan.cells[0].key);
  const auto pages = store.connection().integer("PRAGMA page_count");
  store.connection().integer("PRAGMA max_page_count = " + std::to_string(pages + 4));
  EXPECT_THAT(failure_of([&] { store.finish_run(*id, run); }), HasSubstr("the disk is full"));
  EXPECT_TRUE(store.finished({plan.cells[0].key}).empty());
  EXPECT_EQ(count(store, "metric"), 0);
  store.connection().integer("PRAGMA max_page_count = 100000");
  store.finish_run(*id, run);
  EXPECT_EQ(store.finished({plan.cells[0].key}).size(), 1U);
}

TEST(Opening, a_backup_is_whole_and_replaces_nothing) {
  const TemporaryFolder folder;
  make_results(folder / "results.db");
  const Store writer(folder / "results.db", Store::Mode::write);
  back_up(folder / "results.db", folder / "copy.db");
  EXPECT_EQ(count(Store(folder / "copy.db", Store::Mode::read), "run"), 40);
  EXPECT_THAT(
      failure_of([&] { back_up(folder / "results.db", folder / "copy.db"); }, ExitCode::usage),
      HasSubstr("exists already"));
  EXPECT_THAT(failure_of([&] { back_up(folder / "results.db", folder / "no" / "copy.db"); }),
              HasSubstr("copy.db"));
}

std::vector<Migration> with_another(const std::string& sql) {
  auto known = migrations();
  known.push_back({"another", sql});
  return known;
}

/// A file as the first runner made it, with a cell and its ok run.
void make_first_schema(const fs::path& file) {
  const auto first = migrations().front();
  const auto text = [](const std::string& what) { return "'" + what + "'"; };
  change(file, first.sql + "PRAGMA user_version = 1; PRAGMA application_id = 0x45617273;" +
                   "INSERT INTO schema_migration VALUES (1, 'schema', " +
                   text(protocol::sha256(std::string_view(first.sql))) + ", 0);" +
                   "INSERT INTO dataset VALUES (1, 'd', 'scenes', 2, 1, 0, 1, 1, '{}');"
                   "INSERT INTO experiment VALUES (1, 'old', " +
                   text(key_of("revision")) + ", 1, '', '', '', '{}', '[]', 0);" +
                   "INSERT INTO cell VALUES (1, " + text(key_of("cell")) +
                   ", 1, 'accuracy', 'test', '{}');"
                   "INSERT INTO experiment_cell VALUES "
                   "(1, 0, 1, 'mimi', 'scenes', 'room', '', '', 'hf://kyutai/mimi', 0, 0, '', 0);"
                   "INSERT INTO provenance VALUES (1, " +
                   text(key_of("provenance")) + ", '{}', NULL, NULL, NULL, NULL);" +
                   "INSERT INTO owner VALUES (1, 'here', 1, 0);"
                   "INSERT INTO run(run_id, cell_id, attempt, state, provenance_id, owner_id, "
                   "started_ms, ended_ms) VALUES (1, 1, 1, 'ok', 1, 1, 0, 1);"
                   "INSERT INTO slice VALUES (1, 'all', 'all');"
                   "INSERT INTO metric_definition VALUES (1, 'accuracy', 1, '', 1, 'mean', '');"
                   "INSERT INTO metric VALUES (1, 1, 1, 0.5, NULL, 1, NULL, NULL, 'few');");
}

TEST(Migrating, a_file_of_the_first_schema_keeps_its_rows_and_gets_what_came_later) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_first_schema(file);
  EXPECT_THAT(refusal(file, Store::Mode::read), HasSubstr("'runner db migrate' brings it there"));
  const Store store(file, Store::Mode::write);
  EXPECT_THAT(rows(store, "SELECT encoder, value, pretrain_data, in_domain FROM result"),
              ElementsAre(ElementsAre(Json("mimi"), Json(0.5), Json(), Json())));
  EXPECT_THAT(rows(store, "SELECT kind, encoder, parameters FROM cost"),
              ElementsAre(ElementsAre(Json("cell"), Json("mimi"), Json())));
  EXPECT_TRUE(fs::exists(folder / "results.db.v1.bak"));
}

TEST(Migrating, keeps_rows_and_a_copy_of_the_old_file) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  Connection connection(file.string(), SQLITE_OPEN_READWRITE, "x");
  migrate(connection, file, with_another("ALTER TABLE run ADD COLUMN note TEXT;"));
  EXPECT_EQ(connection.integer("PRAGMA user_version"), 3);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM run WHERE note IS NULL"), 40);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM schema_migration"), 3);
  EXPECT_EQ(count(Store(folder / "results.db.v2.bak", Store::Mode::read), "run"), 40);
}

TEST(Migrating, that_fails_leaves_the_file_as_it_was) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  Connection connection(file.string(), SQLITE_OPEN_READWRITE, "x");
  EXPECT_THROW(migrate(connection, file, with_another("ALTER TABLE run ADD COLUMN note TEXT; no;")),
               Failure);
  EXPECT_THROW(migrate(connection, file,
                       with_another("PRAGMA defer_foreign_keys = ON; "
                                    "DELETE FROM cell;")),
               Failure);
  EXPECT_EQ(count(Store(file, Store::Mode::read), "run"), 40);
}

TEST(Migrating, by_eight_processes_at_once_happens_once) {
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
  EXPECT_EQ(count(store, "schema_migration"), 2);
  EXPECT_EQ(count(store, "experiment"), 1);
  EXPECT_EQ(count(store, "run"), 12);
  EXPECT_EQ(count(store, "run WHERE state = 'ok'"), 12);
}

}  // namespace
}  // namespace earshot::host
