#include "host/store/open.hpp"

#include <algorithm>
#include <fstream>
#include <functional>

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.hpp"
#include "fixture.hpp"
#include "host/store/content_hash.hpp"

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
  change(file, "PRAGMA user_version = 4");
  const auto before = text_of(file);
  EXPECT_THAT(refusal(file), AllOf(HasSubstr(file.string()), HasSubstr("schema 4"),
                                   HasSubstr("but this runner only knows 3")));
  EXPECT_THAT(refusal(file, Store::Mode::read), HasSubstr("schema 4"));
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
  EXPECT_THAT(failure_of([&] { store.require_in_place(); }), HasSubstr("was removed or replaced"));
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

TEST(Opening, a_file_from_before_the_first_release_or_of_no_version_is_refused_and_kept) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  for (const auto* version : {"1", "0"}) {
    change(file, std::string("PRAGMA user_version = ") + version);
    const auto before = text_of(file);
    for (const auto mode : {Store::Mode::write, Store::Mode::read})
      EXPECT_THAT(refusal(file, mode), AllOf(HasSubstr(std::string("has schema ") + version),
                                             HasSubstr("run the experiments again")));
    EXPECT_EQ(text_of(file), before);
  }
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
  EXPECT_THAT(refusal("/proc/1/nowhere/results.db"), HasSubstr("folder cannot be created"));
  fs::create_directory(folder / "folder.db");
  EXPECT_THAT(refusal(folder / "folder.db"), HasSubstr("cannot be opened"));
}

TEST(Opening, a_schema_of_a_development_version_is_refused) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  change(file, "UPDATE schema_migration SET sql_sha256 = printf('%064d', 0)");
  EXPECT_THAT(refusal(file), HasSubstr("development version with another schema 3"));
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
  auto& connection = const_cast<Connection&>(connection_of(store));
  for (const auto& sql : std::vector<std::string>{
           "DELETE FROM run", "CREATE TABLE t(a)", "PRAGMA query_only = OFF",
           "PRAGMA user_version = 9", "ATTACH '" + (folder / "new.db").string() + "' AS n",
           "VACUUM INTO '" + (folder / "new.db").string() + "'"}) {
    EXPECT_THROW(connection.execute(sql), Failure) << sql;
  }
  EXPECT_FALSE(fs::exists(folder / "new.db"));
  EXPECT_EQ(count(store, "run"), 40);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Opening, readers_leave_nothing_beside_the_file) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  fs::remove(folder / "results.db-owners");
  const auto before = text_of(file);
  {
    const Store one(file, Store::Mode::read), other(file, Store::Mode::read);
    EXPECT_EQ(count(one, "run") + count(other, "run"), 80);
    EXPECT_TRUE(one.lost_runs().empty());
  }
  EXPECT_THAT(names_in(folder / ""), ElementsAre("results.db"));
  EXPECT_EQ(text_of(file), before);
}

/// What `act` says as a user who owns nothing here; root may write whatever the permissions say.
std::string as_another_user(const std::function<std::string()>& act) {
  int pipe_ends[2];
  EXPECT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    std::string said;
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(1);
    try {
      said = act();
    } catch (const std::exception& error) {
      said = error.what();
    }
    _exit(write(pipe_ends[1], said.data(), said.size()) < 0 ? 1 : 0);
  }
  close(pipe_ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t size = 0; (size = read(pipe_ends[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(size));
  close(pipe_ends[0]);
  waitpid(child, nullptr, 0);
  return said;
}

std::string runs_in(const fs::path& file) {
  return std::to_string(count(Store(file, Store::Mode::read), "run")) + " runs";
}

TEST(Opening, a_file_and_folder_that_may_only_be_read_are_read_whatever_they_are_called) {
  for (const auto* name : {"results.db", "50%3f ?#.db"}) {
    const TemporaryFolder folder;
    const auto file = folder / name;
    make_results(file);
    fs::permissions(file, fs::perms(0444));
    fs::permissions(folder / "", fs::perms(0555));
    EXPECT_EQ(as_another_user([&] { return runs_in(file); }), "40 runs") << name;
    fs::permissions(folder / "", fs::perms(0755));
  }
}

TEST(Opening,
     a_copy_of_a_file_at_work_is_read_where_nothing_may_be_written_or_it_is_said_what_to_do) {
  const TemporaryFolder source, folder;
  const Store writer(source / "results.db", Store::Mode::write);
  Store(source / "results.db", Store::Mode::write).bury_lost_runs();
  auto& store = const_cast<Store&>(writer);
  const auto plan = small();
  record(store, plan);
  run_cell(store, plan.cells[0].key, ok_run());
  for (const auto* part : {"results.db", "results.db-wal"})
    fs::copy_file(source / part, folder / part);
  ASSERT_GT(fs::file_size(folder / "results.db-wal"), 0U);
  fs::permissions(folder / "", fs::perms(0555));
  EXPECT_THAT(as_another_user([&] { return runs_in(folder / "results.db"); }),
              ::testing::AnyOf("1 runs", AllOf(HasSubstr("has changes in 'results.db-wal'"),
                                               HasSubstr("copy both files"))));
  fs::permissions(folder / "", fs::perms(0755));
  EXPECT_EQ(runs_in(folder / "results.db"), "1 runs");
  EXPECT_FALSE(fs::exists(folder / "results.db-wal")) << "who may write brings the file to rest";
}

TEST(Opening, a_lock_held_by_another_process_is_said) {
  const TemporaryFolder folder;
  Store store(folder / "results.db", Store::Mode::write);
  Store other(folder / "results.db", Store::Mode::write);
  const auto plan = small();
  record(store, plan);
  sqlite3_busy_timeout(connection_of(other).handle(), 50);
  sqlite3_exec(connection_of(store).handle(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  EXPECT_THAT(failure_of([&] { other.begin_run(plan.cells[0].key); }),
              HasSubstr("is locked by another process"));
  sqlite3_exec(connection_of(store).handle(), "ROLLBACK", nullptr, nullptr, nullptr);
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
  const auto pages = connection_of(store).integer("PRAGMA page_count");
  connection_of(store).integer("PRAGMA max_page_count = " + std::to_string(pages + 4));
  EXPECT_THAT(failure_of([&] { store.finish_run(*id, run); }), HasSubstr("the disk is full"));
  EXPECT_TRUE(store.finished({plan.cells[0].key}).empty());
  EXPECT_EQ(count(store, "metric"), 0);
  connection_of(store).integer("PRAGMA max_page_count = 100000");
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
      HasSubstr("already exists"));
  EXPECT_THAT(failure_of([&] { back_up(folder / "results.db", folder / "no" / "copy.db"); }),
              HasSubstr("copy.db"));
}

std::vector<Migration> with_another(const std::string& sql) {
  auto known = migrations();
  known.push_back({"another", sql, newest_schema(), newest_schema() + 1});
  return known;
}

/// A file of schema 2 with a cell, its ok run, and what it predicted.
void make_second_schema(const fs::path& file) {
  const auto text = [](const std::string& what) { return "'" + what + "'"; };
  const auto info =
      R"({"labels":[{"name":"room","type":"class","classes":["hall","hut"]}],"slices":{"gold_from":{"audio":2}}})";
  change(
      file,
      text_of(EARSHOT_SOURCE_DIR "/tests/host/store/schema_2.sql") +
          "PRAGMA user_version = 2; PRAGMA application_id = 0x45617273;"
          "INSERT INTO schema_migration VALUES (1, 'schema', printf('%064d', 1), 0),"
          "(2, 'checkpoints', printf('%064d', 2), 0);"
          "INSERT INTO dataset VALUES (1, 'd', 'scenes', 2, 1, 0, 1, 1, " +
          text(info) +
          ");"
          "INSERT INTO item VALUES (1, 1, 'clip1', '{}', '{}', '{\"room\":\"hall\"}');"
          "INSERT INTO experiment VALUES (1, 'old', " +
          text(key_of("revision")) +
          ", 1, '', '', '', '{}', '[]', 0);"
          "INSERT INTO experiment_dataset VALUES (1, 1, 'scenes');"
          "INSERT INTO cell VALUES (1, " +
          text(protocol::sha256(
              std::string_view(R"({"evaluator":{"options":{"target":"room"}}})"))) +
          R"(, 1, 'accuracy', 'test', '{"evaluator":{"options":{"target":"room"}}}');)"
          "INSERT INTO axis VALUES (1, 'encoder'); INSERT INTO axis_value VALUES (1, 1, 'mimi');"
          "INSERT INTO cell_axis VALUES (1, 1, 1, 5, 0, 1);"
          "INSERT INTO experiment_cell VALUES (1, 0, 1, 'mimi', 'scenes', 'room', '', '', "
          "'hf://kyutai/mimi', 0, 0, '', 0, NULL, NULL);"
          "INSERT INTO provenance VALUES (1, " +
          text(protocol::sha256(std::string_view("{}"))) +
          ", '{}', NULL, NULL, NULL, NULL);"
          "INSERT INTO owner VALUES (1, 'here', 1, 0);"
          "INSERT INTO run(run_id, cell_id, attempt, state, provenance_id, owner_id, "
          "started_ms, ended_ms) VALUES (1, 1, 1, 'ok', 1, 1, 0, 1);"
          "INSERT INTO stage VALUES (1, 'f', 'features', 'ok', 1, '', 1, 1, '{}', 0);"
          "INSERT INTO run_stage VALUES (1, 1);"
          "INSERT INTO slice VALUES (1, 'all', 'all');"
          "INSERT INTO metric_definition VALUES (1, 'accuracy', 1, '', 1, 'mean', '');"
          "INSERT INTO metric VALUES (1, 1, 1, 0.5, NULL, 1, NULL, NULL, 'few');"
          "INSERT INTO prediction VALUES (1, 0, 2.5, NULL, NULL, NULL), "
          "(1, 1, 'hall', NULL, 1, NULL);"
          "INSERT INTO curve VALUES (1, 'loss', 0, 2, NULL);"
          "INSERT INTO comparison VALUES (1, 1, 'task', 'a', 'b', '', '', 'all', 'all', 'accuracy',"
          "'', NULL, NULL, 0.5, NULL, NULL, 0.1, NULL, '', '', 1, 1, 1, 0, 0, '', '', 0);");
}

TEST(Migrating, a_file_of_schema_2_keeps_its_rows_and_gets_what_came_later) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_second_schema(file);
  EXPECT_THAT(refusal(file, Store::Mode::read), HasSubstr("'runner db migrate' converts it"));
  const Store store(file, Store::Mode::write);
  EXPECT_THAT(rows(store, "SELECT encoder, value, gold_from FROM result"),
              ElementsAre(ElementsAre(Json("mimi"), Json(0.5), Json("audio"))));
  EXPECT_THAT(rows(store, "SELECT item, value, gold, correct FROM answer"),
              ElementsAre(ElementsAre(Json("clip1"), Json("hall"), Json("hall"), Json(1.0))));
  EXPECT_THAT(rows(store, "SELECT number FROM prediction WHERE item = 0"),
              ElementsAre(ElementsAre(Json(2.5))));
  EXPECT_THAT(rows(store, "SELECT kind, encoder FROM cost ORDER BY kind"),
              ElementsAre(ElementsAre(Json("cell"), Json("mimi")),
                          ElementsAre(Json("features"), Json("mimi"))));
  EXPECT_EQ(count(store, "training"), 1);
  EXPECT_EQ(count(store, "comparison WHERE usable = 0"), 1);
  EXPECT_FALSE(store.has_items("d")) << "questions are read when it runs again";
  EXPECT_TRUE(changed_content(connection_of(store)).empty());
  EXPECT_TRUE(fs::exists(folder / "results.db.v2.bak"));
}

TEST(Migrating, and_making_anew_give_the_same_tables_indices_and_views) {
  const TemporaryFolder folder;
  make_second_schema(folder / "old.db");
  const Store old(folder / "old.db", Store::Mode::write),
      fresh(folder / "new.db", Store::Mode::write);
  const auto columns = [](const Store& store) {
    return rows(store,
                "SELECT m.type, m.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_master m "
                "LEFT JOIN pragma_table_xinfo(m.name) c ON m.type <> 'index' ORDER BY 1, 2, c.cid");
  };
  EXPECT_EQ(columns(old), columns(fresh));
}

TEST(Migrating, views_of_the_user_stay_as_they_are) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_second_schema(file);
  change(file,
         "CREATE VIEW mine AS SELECT count(*) AS n FROM run;"
         "CREATE VIEW \"my view\" AS SELECT encoder FROM result;"
         "CREATE VIEW \"a \"\"quoted\"\" one\" AS SELECT typeof(value) AS t FROM prediction;"
         "CREATE VIEW broken AS SELECT what_is_gone FROM run;");
  const Store store(file, Store::Mode::write);
  EXPECT_THAT(rows(store, "SELECT n FROM mine"), ElementsAre(ElementsAre(Json(1))));
  EXPECT_THAT(rows(store, "SELECT encoder FROM \"my view\""),
              ElementsAre(ElementsAre(Json("mimi"))));
  EXPECT_EQ(count(store, "\"a \"\"quoted\"\" one\""), 2);
  EXPECT_EQ(count(store, "sqlite_master WHERE name = 'broken'"), 1);
}

TEST(Migrating, a_view_of_the_user_with_the_name_of_a_new_one_is_refused_by_name) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_second_schema(file);
  change(file, "CREATE VIEW answer AS SELECT 42 AS a");
  EXPECT_THAT(refusal(file), AllOf(HasSubstr("a view 'answer'"), HasSubstr("Rename yours")));
  change(file, "DROP VIEW answer");
  EXPECT_EQ(count(Store(file, Store::Mode::write), "answer"), 1);
}

TEST(Migrating, keeps_rows_and_a_copy_of_the_old_file) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  Connection connection(file.string(), SQLITE_OPEN_READWRITE, "x");
  migrate(connection, file, with_another("ALTER TABLE run ADD COLUMN note TEXT;"));
  EXPECT_EQ(connection.integer("PRAGMA user_version"), 4);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM run WHERE note IS NULL"), 40);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM schema_migration"), 2);
  EXPECT_EQ(count(Store(folder / "results.db.v3.bak", Store::Mode::read), "run"), 40);
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
  EXPECT_EQ(count(store, "schema_migration"), 1);
  EXPECT_EQ(count(store, "experiment"), 1);
  EXPECT_EQ(count(store, "run"), 12);
  EXPECT_EQ(count(store, "run WHERE state = 'ok'"), 12);
}

}  // namespace
}  // namespace earshot::host
