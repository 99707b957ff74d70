#include "../analyse/synthetic.hpp"
#include "host/report/page_data.hpp"

namespace earshot::host {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class AuditTest : public Synthetic {
 protected:
  ReportedExperiment report() const { return page_data(*store_, {"ablation"}).experiments.at(0); }

  /// Result and detail of the checks of one kind, by subject.
  std::map<std::string, std::pair<std::string, std::string>> checks(const std::string& name) const {
    std::map<std::string, std::pair<std::string, std::string>> found;
    for (const auto& check : report().audit)
      if (check.check == name) found[check.subject] = {check.result, check.detail};
    return found;
  }
};

TEST_F(AuditTest, controls_that_cannot_tell_anything_are_named) {
  add_cells({"htsat", "mimi", "blind", "oracle"}, {"room"}, 1);
  claim({{"name", "plain"}, {"claim", "mimi > htsat"}});
  claim({{"name", "good"},
         {"claim", "mimi > htsat"},
         {"blind_control", "blind"},
         {"positive_control", "oracle"}});
  claim({{"name", "swapped"},
         {"claim", "mimi > htsat"},
         {"blind_control", "oracle"},
         {"positive_control", "blind"}});
  plan();
  for (const auto& own : cells_)
    run(own, wrong_every(own.encoder == "blind" ? 2 : own.encoder == "htsat" ? 4 : 9));
  const auto found = checks("controls");
  EXPECT_THAT(found, Contains(Pair("plain", Pair("unknown", HasSubstr("positive_control")))));
  EXPECT_THAT(found, Contains(Pair("good", Pair("passed", HasSubstr("oracle beats the blind")))));
  EXPECT_THAT(found, Contains(Pair("swapped: room", Pair("failed", HasSubstr("does not beat")))))
      << report().audit.size();
}

TEST_F(AuditTest, tasks_without_room_to_differ_are_named) {
  add_cells({"htsat", "mimi"}, {"easy", "fair"}, 1);
  plan();
  for (const auto& own : cells_)
    run(own, own.task == "easy" ? wrong_every(1'000) : wrong_every(own.encoder == "mimi" ? 4 : 3));
  const auto found = checks("room to differ");
  EXPECT_THAT(found, Contains(Pair("easy", Pair("failed", HasSubstr("saturated")))));
  EXPECT_THAT(found, Contains(Pair("fair", Pair("passed", HasSubstr("accuracy")))));
}

TEST_F(AuditTest, groups_that_test_items_share_with_others_are_counted) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4), 21);  // item 20 has the clip of item 21, and is not tested
  const auto found = checks("shared groups");
  EXPECT_THAT(found, ElementsAre(Pair("scenes: clip",
                                      Pair("look", HasSubstr("1 of 39 test items share")))));
}

TEST_F(AuditTest, comparisons_without_an_interval_say_why) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  const auto found = checks("untestable");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.begin()->second.first, "failed");
  EXPECT_THAT(found.begin()->second.second, HasSubstr("no interval"));
}

TEST_F(AuditTest, encoders_that_may_know_the_data_are_to_be_looked_at) {
  add_cells({"htsat", "mimi", "clap"}, {"room"}, 1);
  for (auto& own : cells_) {
    own.weights = "hf://" + own.encoder;
    if (own.encoder == "mimi") continue;
    own.pretrain_data = {"AudioSet"};
    own.in_domain = own.encoder == "htsat" ? 1 : 0;
  }
  plan();
  const auto found = checks("training data");
  EXPECT_THAT(found, Contains(Pair("htsat", Pair("look", HasSubstr("in domain: scenes")))));
  EXPECT_THAT(found, Contains(Pair("mimi", Pair("unknown", HasSubstr("not stated")))));
  EXPECT_THAT(found, Contains(Pair("clap", Pair("passed", HasSubstr("AudioSet")))));
}

TEST_F(AuditTest, rows_and_columns_say_what_they_are_without_seed_and_fold) {
  add_cells({"htsat"}, {"room"}, 2);
  for (auto& own : cells_) {
    own.identity = {{"encoder", {{"component", "htsat/htsat"}, {"options", {{"levels", 8}}}}},
                    {"evaluator", {{"options", {{"lr", 0.1}}}}},
                    {"dataset", {{"key", std::string(64, 'a')}, {"fold", 0}}},
                    {"seed", own.seed}};
    own.key = protocol::sha256(own.identity);
  }
  plan();
  const auto report = this->report();
  EXPECT_THAT(report.rows.at(0).configuration,
              ElementsAre(Pair("encoder's component", "htsat/htsat"),
                          Pair("encoder option 'levels'", "8")));
  EXPECT_THAT(report.columns.at(0).configuration,
              ElementsAre(Pair("the data", std::string(12, 'a')), Pair("task option 'lr'", "0.1")));
}

}  // namespace
}  // namespace earshot::host
