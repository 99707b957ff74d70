#pragma once
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "../store/fixture.hpp"
#include "host/cli/command.hpp"

namespace earshot::host {

/// What a command prints to stdout. @throws what it throws
inline std::string output_of(const Command& command, const std::vector<std::string>& arguments) {
  std::ostringstream text;
  auto* const before = std::cout.rdbuf(text.rdbuf());
  try {
    EXPECT_EQ(command.run(arguments), ExitCode::ok);
  } catch (...) {
    std::cout.rdbuf(before);
    throw;
  }
  std::cout.rdbuf(before);
  return text.str();
}

/// Commands in this process, on a results file of an experiment of which one cell failed.
class Commands : public ::testing::Test {
 protected:
  Commands() {
    Store store(file, Store::Mode::write);
    plan = small();
    record(store, plan);
    store.add_items(plan.datasets[0].key, [] {
      Json items = Json::array();
      for (int i = 0; i < 6; ++i) {
        items.push_back({"clip" + std::to_string(i),
                         Json::object(),
                         Json::object(),
                         {{"room", "hall, large"}}});
      }
      return items;
    }());
    for (std::size_t i = 0; i < 10; ++i) {
      run_cell(store, plan.cells[i].key, ok_run(plan.cells[i].encoder == "mimi" ? 0.75 : 0.5));
    }
    std::ofstream(folder / "attempt.log") << "loading weights\nsegmentation fault\n";
    RunRecord failed;
    failed.state = "failed";
    failed.error = "mimi: bad weights";
    failed.log = "attempt.log";  // beside the results file
    run_cell(store, plan.cells[10].key, failed);
  }

  std::string run(const Command& command, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--results", file.string()});
    return output_of(command, arguments);
  }
  std::string usage_of(const Command& command, const std::vector<std::string>& arguments) {
    return failure_of([&] { run(command, arguments); }, ExitCode::usage);
  }

  TemporaryFolder folder;
  std::filesystem::path file = folder / "results.db";
  Small plan;
};

/// An experiment of one probe on a label with classes, and one on questions with choices.
inline void record_answers(Store& store) {
  auto qa = small({"mimi"}, {"qa"}, 1);
  qa.experiment.name = "questions";
  auto probe = cell_of("mimi", "probe", 0);
  probe.target = "room";
  qa.cells.push_back(probe);
  for (auto& cell : qa.cells)
    cell.dataset_key = key_of("asked");
  auto& info = qa.datasets[0].info;
  qa.datasets[0].key = key_of("asked");
  info.labels = {{"room", "class", "", {"hut", "hall"}}};
  record(store, qa);
  Json items = Json::array();
  for (int i = 0; i < 6; ++i)
    items.push_back({"clip" + std::to_string(i),
                     {{"source", "tape 1"}},
                     Json::object(),
                     {{"room", i == 2 ? "hall" : "hut"}},
                     {{"text", "What barks?"},
                      {"choices", {"a dog", "a cat"}},
                      {"answers", {"a dog", "dog"}}}});
  store.add_items(qa.datasets[0].key, items);
  auto run = ok_run();
  for (auto& prediction : run.predictions)
    prediction = {prediction.item, "a dog", "It is a dog.", {{"accuracy", 1}}, {-0.5f, -2.25f}, {}};
  run_cell(store, qa.cells[0].key, run);
  for (auto& prediction : run.predictions)
    prediction = {prediction.item, "hut", "", Json::object(), {0.75f, 0.1f}, {}};
  run_cell(store, qa.cells[1].key, run);
}

}  // namespace earshot::host
