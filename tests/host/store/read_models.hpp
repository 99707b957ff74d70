#pragma once
#include <string>
#include <vector>

#include "fixture.hpp"
#include "host/store/selected_rows.hpp"

namespace earshot::host {

/// Two encoders, one task and two seeds in a results file; nothing has run yet.
class ReadModels : public ::testing::Test {
 protected:
  void SetUp() override { id = record(store, plan); }

  /// A cell that failed.
  void fail(std::size_t cell, const std::string& error) {
    RunRecord run;
    run.state = "failed";
    run.error_kind = "data";
    run.error = error;
    run_cell(store, plan.cells[cell].key, run);
  }
  void finish(std::size_t cell) { run_cell(store, plan.cells[cell].key, ok_run()); }
  void execute(const std::string& sql) { Statement(connection_of(store), sql).run(); }

  TemporaryFolder folder;
  Store store{folder / "results.db", Store::Mode::write};
  Small plan = small({"htsat", "mimi"}, {"room"}, 2);
  std::int64_t id = 0;
};

inline std::vector<std::vector<Json>> all(Rows rows) {
  std::vector<std::vector<Json>> found;
  for (std::vector<Json> values; rows.next(values);)
    found.push_back(values);
  return found;
}

}  // namespace earshot::host
