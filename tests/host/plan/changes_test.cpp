#include "host/plan/changes.hpp"

#include <gtest/gtest.h>

namespace earshot::host {
namespace {

using protocol::Json;

Json identity() {
  return {{"encoder",
           {{"component", "mel/log_mel"},
            {"plugin", std::string(64, 'a')},
            {"options", {{"mels", 64}}}}},
          {"dtype", "float32"},
          {"evaluator", {{"component", "probes/knn"}, {"options", {{"k", 8}}}}},
          {"dataset", {{"key", std::string(64, 'c')}, {"limit", 0}}},
          {"seed", 0}};
}

TEST(Changes, name_a_plugin_by_its_file_and_both_hashes) {
  auto now = identity();
  now["encoder"]["plugin"] = std::string(64, 'b');
  EXPECT_EQ(changes(identity(), now), "mel.so changed (aaaa -> bbbb)");
}

TEST(Changes, name_options_data_and_settings) {
  auto now = identity();
  now["encoder"]["options"]["mels"] = 40;
  now["dataset"]["key"] = std::string(64, 'd');
  now["dataset"]["limit"] = 10;
  EXPECT_EQ(changes(identity(), now),
            "the data changed (cccc -> dddd), dataset's limit changed (0 -> 10), encoder option "
            "'mels' changed (64 -> 40)");
}

TEST(Changes, name_what_changed_in_pretraining) {
  auto before = identity();
  before["encoder"]["pretrain"] = {
      {"evaluator", {{"component", "t/train"}, {"options", {{"steps", 5}}}}}};
  auto now = before;
  now["encoder"]["pretrain"]["evaluator"]["options"]["steps"] = 9;
  EXPECT_EQ(changes(before, now), "pretraining's task option 'steps' changed (5 -> 9)");
  EXPECT_EQ(changes(identity(), now), "encoder's pretrain was added");
}

TEST(Changes, count_what_there_is_no_room_for) {
  auto now = identity();
  now["encoder"]["options"]["mels"] = 40;
  now["dtype"] = "float16";
  now["evaluator"]["options"]["k"] = 1;
  now["dataset"]["limit"] = 10;
  EXPECT_EQ(changes(identity(), now),
            "dataset's limit changed (0 -> 10), dtype changed (float32 -> float16), "
            "encoder option 'mels' changed (64 -> 40) and 1 more");
}

TEST(Changes, tell_of_what_is_new_or_gone) {
  auto now = identity();
  now["mapper"] = {{"component", "m/mlp"}};
  EXPECT_EQ(changes(identity(), now), "mapper was added");
  EXPECT_EQ(changes(now, identity()), "mapper was removed");
}

}  // namespace
}  // namespace earshot::host
