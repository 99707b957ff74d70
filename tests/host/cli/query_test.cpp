#include <gmock/gmock.h>

#include "commands.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(Commands, query_prints_aligned_columns_csv_and_json) {
  const std::string sql =
      "SELECT encoder, count(*) AS runs, avg(value) AS mean FROM result WHERE slice = 'event' "
      "GROUP BY encoder";
  EXPECT_EQ(run(query_command, {sql}),
            "encoder  runs  mean\n"
            "-------  ----  ----\n"
            "htsat       6   0.5\n"
            "mimi        4  0.75\n");
  EXPECT_EQ(run(query_command, {sql, "--format", "csv"}),
            "encoder,runs,mean\nhtsat,6,0.5\nmimi,4,0.75\n");
  EXPECT_EQ(Json::parse(run(query_command, {sql, "--format=json"})),
            Json::parse(R"([{"encoder": "htsat", "runs": 6, "mean": 0.5},
                            {"encoder": "mimi", "runs": 4, "mean": 0.75}])"));
}

TEST_F(Commands, query_takes_ready_made_queries_with_parameters) {
  const auto deltas =
      run(query_command, {"deltas", "base=htsat", "candidate=mimi", "--format", "csv"});
  EXPECT_THAT(deltas,
              AllOf(HasSubstr("ablation,encoder,htsat,mimi,room,category,event,accuracy,0.5,0.75,"
                              "0.25,3,2"),
                    Not(HasSubstr(",mimi,htsat,"))));
  EXPECT_THAT(run(query_command, {"leaderboard", "task=room"}), HasSubstr("mimi"));
}

TEST_F(Commands, query_changes_nothing_and_says_what_is_wrong_with_the_sql) {
  EXPECT_THAT(usage_of(query_command, {"DELETE FROM run"}), HasSubstr("only reading is allowed"));
  EXPECT_THAT(usage_of(query_command, {"SELECT colour FROM result"}),
              HasSubstr("no such column: colour"));
  EXPECT_THAT(usage_of(query_command, {"SELECT 1; DELETE FROM run"}),
              HasSubstr("more than one statement: ' DELETE FROM run'"));
  EXPECT_THAT(usage_of(query_command, {"leaderbord"}), HasSubstr("did you mean 'leaderboard'"));
  EXPECT_THAT(usage_of(query_command, {"leaderboard", "tsk=room"}),
              AllOf(HasSubstr("no parameter 'tsk'"), HasSubstr("'task'")));
  EXPECT_THAT(usage_of(query_command, {"SELECT 1", "--formt", "csv"}),
              HasSubstr("unknown option '--formt'; did you mean '--format'"));
  EXPECT_THAT(usage_of(query_command, {"SELECT 1 AS a", "--format", "cvs"}), HasSubstr("'cvs'"));
  EXPECT_THAT(usage_of(query_command, {}), HasSubstr("is missing"));
}

TEST_F(Commands, hardest_shows_question_truth_and_answers_also_of_probes) {
  {
    Store store(file, Store::Mode::write);
    record_answers(store);
  }
  const auto found = Json::parse(
      run(query_command, {"hardest", "experiment=questions", "task=probe", "--format", "json"}));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0]["item"], "clip2");
  EXPECT_EQ(found[0]["right"], 0.0);
  EXPECT_EQ(found[0]["gold"], "hall");
  EXPECT_EQ(found[0]["said"], "hut");
  EXPECT_EQ(found[0]["question"], "What barks?");
  EXPECT_EQ(found[1]["right"], 1.0);
}

TEST_F(Commands, a_ready_made_query_knows_its_experiments) {
  EXPECT_THAT(usage_of(query_command, {"leaderboard", "experiment=ablatio"}),
              HasSubstr("did you mean 'ablation'"));
}

TEST_F(Commands, ready_made_queries_keep_their_earlier_names) {
  EXPECT_EQ(run(query_command, {"origins"}), run(query_command, {"provenance"}));
  EXPECT_EQ(run(query_command, {"losses"}), run(query_command, {"dropped-items"}));
}

}  // namespace
}  // namespace earshot::host
