#pragma once
#include <cstdint>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace earshot::testing {

/// The results of an undisturbed run, and its duration.
struct Undisturbed {
  explicit Undisturbed(const Sandbox& sandbox) {
    sandbox.run("planned", {"--dry-run"});
    const auto start = std::chrono::steady_clock::now();
    const auto ended = sandbox.run("undisturbed");
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    dump = sandbox.canonical("undisturbed");
    EXPECT_GT(dump.size(), 1000u);
  }
  double seconds = 0;
  std::string dump{};
};

/// Runs the same command again, whatever happened before: all cells are ok with the same bits, and
/// nothing occurs twice.
inline void expect_resumed(const Sandbox& sandbox, const std::string& results,
                           const Undisturbed& undisturbed) {
  const auto again = sandbox.run(results);
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  EXPECT_EQ(sandbox.canonical(results), undisturbed.dump);
  EXPECT_EQ(sandbox.query(results, "SELECT count(*) FROM run WHERE state = 'ok'"),
            std::to_string(Sandbox::cells));
  EXPECT_EQ(sandbox.query(results, "SELECT count(*) FROM run WHERE state = 'running'"), "0");
  EXPECT_EQ(sandbox.query(results,
                          "SELECT count(*) FROM metric JOIN run USING(run_id) WHERE state <> 'ok'"),
            "0");
}

/// Kills the parent (even moments) or a worker (odd ones) of a run at `moments` random moments
/// drawn from `seed`, each with its own results file.
inline void kill_and_resume(int moments, unsigned seed) {
  const Sandbox sandbox;
  const Undisturbed undisturbed(sandbox);
  std::mt19937 random(seed);
  int interrupted = 0;
  for (int moment = 0; moment < moments; ++moment) {
    const double after = undisturbed.seconds * static_cast<double>(random()) / 4294967296.0;
    const auto results = "killed" + std::to_string(moment);
    SCOPED_TRACE(results + " after " + std::to_string(after) + " s");
    auto runner = sandbox.start(results);
    sleep_seconds(after);
    const auto workers = runner.children();
    if (moment % 2 == 0)
      runner.kill(SIGKILL);
    else if (!workers.empty())
      ::kill(workers.front(), SIGKILL);
    interrupted += !runner.has_ended();
    runner.wait();
    for (const auto worker : workers) {
      // The system kills it, or, if it has only just started, it reads the end of its input.
      for (int i = 0; i < 1000 && lives(worker); ++i)
        sleep_seconds(0.01);
      EXPECT_FALSE(lives(worker)) << "worker " << worker << " outlived its runner";
    }
    expect_resumed(sandbox, results, undisturbed);
  }
  EXPECT_GT(interrupted, moments / 4) << "too few of the moments fell into a run";
}

}  // namespace earshot::testing
