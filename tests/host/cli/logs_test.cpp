#include <gmock/gmock.h>

#include "commands.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST_F(Commands, logs_finds_a_run_by_key_or_number) {
  const auto& key = plan.cells[10].key;
  EXPECT_THAT(run(logs_command, {key.substr(0, 12)}),
              AllOf(HasSubstr("attempt 1 of 1: failed"), HasSubstr("mimi: bad weights"),
                    HasSubstr("segmentation fault")));
  EXPECT_THAT(run(logs_command, {"11"}), HasSubstr("segmentation fault"));
  EXPECT_THAT(run(logs_command, {"1"}), HasSubstr("it left no log"));
  EXPECT_THAT(usage_of(logs_command, {key, "--attempt", "2"}), HasSubstr("has no attempt 2"));
  EXPECT_THAT(usage_of(logs_command, {"99"}), HasSubstr("no run '99'"));
  EXPECT_THAT(usage_of(logs_command, {"ffffffffffff"}), HasSubstr("no run 'ffffffffffff'"));
}

TEST_F(Commands, logs_of_an_experiment_are_those_of_its_last_run_that_is_not_ok) {
  const auto experiment = (folder / "x.toml").string();
  std::ofstream(experiment) << "[experiment]\nname = \"ablation\"\n";
  for (const auto& named : {std::string("ablation"), experiment})
    EXPECT_THAT(run(logs_command, {named}), HasSubstr("run 11,")) << named;
  {
    Store store(file, Store::Mode::write);
    run_cell(store, plan.cells[10].key, ok_run());
  }
  EXPECT_THAT(run(logs_command, {"ablation"}), HasSubstr("run 12,")) << "all of its runs are ok";
  EXPECT_THAT(usage_of(logs_command, {"ablatoin"}), HasSubstr("did you mean 'ablation'"));
}

TEST_F(Commands, logs_of_an_experiment_without_a_run_say_that_there_is_none) {
  auto more = small({"htsat"}, {"qa"}, 1);
  more.experiment.name = "more";
  {
    Store store(file, Store::Mode::write);
    record(store, more);
  }
  EXPECT_THAT(usage_of(logs_command, {"more"}), HasSubstr("'more' has no run yet"));
}

TEST_F(Commands, logs_and_repro_refuse_a_key_that_several_cells_begin_with) {
  auto twins = small({"htsat"}, {"room"}, 2);
  twins.experiment.name = "twins";
  {
    Store store(file, Store::Mode::write);
    for (auto& cell : twins.cells)
      cell.key = "abcdef" + key_of("twin " + std::to_string(cell.seed)).substr(6);
    record(store, twins);
    for (const auto& cell : twins.cells)
      run_cell(store, cell.key, ok_run());
  }
  for (const auto& command : {logs_command, repro_command}) {
    EXPECT_THAT(usage_of(command, {"abcdef"}), HasSubstr("several cells begin with 'abcdef'"));
    EXPECT_THAT(output_of(command, {twins.cells[1].key, "--results", file.string()}),
                HasSubstr("run"));
  }
}

}  // namespace
}  // namespace earshot::host
