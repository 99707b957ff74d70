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
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
