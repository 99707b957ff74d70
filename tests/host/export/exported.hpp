#pragma once
#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "../store/fixture.hpp"
#include "files.hpp"
#include "host/export/formats.hpp"

namespace earshot::host {

/// The experiment `ablation`: htsat in the task room, with accuracies 0.5 and 0.75 for seeds 0 and
/// 1 and a failed seed 2; mimi, which has no run yet; and a cell that cannot run.
class Exported : public ::testing::Test {
 protected:
  Exported() {
    plan = small({"htsat", "mimi"}, {"room"});
    plan.cells[0].pretrain_data = Json({"audioset"});
    auto missing = cell_of("dac", "room", 0);
    missing.key.clear();
    missing.skipped = "weights missing";
    plan.cells.push_back(missing);
    record(store, plan);
    Json items = Json::array();
    for (int i = 0; i < 6; ++i)
      items.push_back(
          {"clip" + std::to_string(i), Json::object(), Json::object(), {{"room", "hall"}}});
    store.add_items(plan.datasets[0].key, items);
    run_cell(store, plan.cells[0].key, ok_run(0.75, 0.25));
    auto second = ok_run(0.75, 0.75);
    second.curves = {{"loss", 1, 0.5}, {"loss", 7, std::numeric_limits<double>::quiet_NaN()}};
    run_cell(store, plan.cells[1].key, second);
    RunRecord failed;
    failed.state = "failed";
    failed.error = "bad weights";
    run_cell(store, plan.cells[2].key, failed);
  }

  template <class Export>
  ExportRemarks write(Export& write_files, const std::string& experiment, bool replace = false) {
    ExportFolder to(out, replace);
    const auto remarks = write_files(store, experiment, to);
    to.finish();
    return remarks;
  }

  /// The files below the folder, as paths relative to it.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(out))
      if (!entry.is_directory())
        names.push_back(std::filesystem::relative(entry.path(), out).string());
    std::sort(names.begin(), names.end());
    return names;
  }

  TemporaryFolder folder;
  std::filesystem::path out = folder / "out";
  Store store{folder / "results.db", Store::Mode::write};
  Small plan;
};

}  // namespace earshot::host
