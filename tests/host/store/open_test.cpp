#include "host/store/open.hpp"

#include <algorithm>
#include <fstream>
#include <functional>

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.hpp"
#include "host/store/content_hash.hpp"
#include "host/store/migration.hpp"
#include "results_files.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
using earshot::testing::text_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
  const auto known = std::to_string(newest_schema());
  const auto newer = std::to_string(newest_schema() + 1);
  change(file, "PRAGMA user_version = " + newer);
  const auto before = text_of(file);
  EXPECT_THAT(refusal(file), AllOf(HasSubstr(file.string()), HasSubstr("schema " + newer),
                                   HasSubstr("but this runner only knows " + known)));
  EXPECT_THAT(refusal(file, Store::Mode::read), HasSubstr("schema " + newer));
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
  change(file,
         "INSERT INTO schema_migration(version, name, sql_sha256, applied_ms) VALUES "
         "(0, 'x', printf('%064d', 1), 0), (-5, 'y', printf('%064d', 2), 0)");
  EXPECT_EQ(count(Store(file, Store::Mode::read), "run"), 40);
}

TEST(Opening, names_that_are_no_file_are_refused) {
  for (const std::string name : {":memory:", "", "file:x?mode=memory", "/dev/null"})
    for (const auto mode : {Store::Mode::write, Store::Mode::read})
      EXPECT_THAT(failure_of([&] { Store store(name, mode); }, ExitCode::usage),
                  HasSubstr("--results"))
          << name;
}

TEST(Opening, a_file_of_a_development_version_or_of_none_is_refused_and_kept) {
  const TemporaryFolder folder;
  const auto file = folder / "results.db";
  make_results(file);
  for (std::int64_t schema = newest_schema() - 1; schema >= 0; --schema) {
    const auto version = std::to_string(schema);
    change(file, "PRAGMA user_version = " + version);
    const auto before = text_of(file);
    for (const auto mode : {Store::Mode::write, Store::Mode::read})
      EXPECT_THAT(refusal(file, mode),
                  AllOf(HasSubstr(file.string()),
                        HasSubstr("development version of Earshot (schema " + version),
                        HasSubstr("Run the experiments again with another --results"),
                        HasSubstr("'runner export'")));
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
  EXPECT_THAT(refusal(file), HasSubstr("development version of Earshot (with another schema " +
                                       std::to_string(newest_schema()) + ')'));
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
  Store(source / "results.db", Store::Mode::write).mark_lost_runs();
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

}  // namespace
}  // namespace earshot::host
