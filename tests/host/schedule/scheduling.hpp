#pragma once
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "host/schedule/scheduler.hpp"
#include "host/store/inside.hpp"
#include "small_plan.hpp"

namespace earshot::host {

/// Complete runs of the scheduler with a scripted worker, whose components do what their names say:
/// see scripted_worker.cpp.
class Scheduling : public ::testing::Test {
 protected:
  Scheduling() : store(folder / "results.db", Store::Mode::write) {
    settings.results = folder / "results.db";
    settings.cache = folder / "cache";
    settings.worker_prefix = {SCRIPTED_WORKER};
    setenv("SCRIPTED_WORKER_LOG", (folder / "events").c_str(), 1);
  }

  Summary run(Progress& progress) {
    small.decide(store);
    record(small.plan, store);
    return execute(small.plan, store, settings, progress);
  }
  Summary run() { return run(*make_progress("none", stderr)); }

  /// "state kind" of all runs, in the order in which they began.
  std::vector<std::string> runs() const {
    std::vector<std::string> out;
    Statement rows(connection_of(store), "SELECT state, error_kind FROM run ORDER BY run_id");
    while (rows.step())
      out.push_back(rows.text(0) + (rows.text(1).empty() ? "" : " " + rows.text(1)));
    return out;
  }

  std::string text(const char* sql) const {
    Statement row(connection_of(store), sql);
    return row.step() ? row.text(0) : "nothing";
  }

  std::vector<std::string> events() const {
    std::vector<std::string> out;
    std::ifstream file(folder / "events");
    for (std::string line; std::getline(file, line);)
      out.push_back(line);
    return out;
  }

  void interrupt_after(int milliseconds, int signal) {
    interrupter = std::jthread([=] {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      kill(getpid(), signal);
    });
  }

  TemporaryFolder folder;
  Store store;
  SmallPlan small;
  RunSettings settings;
  std::jthread interrupter;
};

/// Keeps the events about cells.
class HeardProgress : public Progress {
 public:
  void note(std::string_view) override {}
  void event(const Json& event) override {
    if (event.contains("cell")) cells.push_back(event);
  }
  void tick(const ProgressState&) override {}
  void finish() override {}

  std::vector<Json> cells{};
};

}  // namespace earshot::host
