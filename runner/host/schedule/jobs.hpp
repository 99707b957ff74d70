#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"
#include "host/schedule/job_verbs.hpp"

namespace earshot::host {

/// What the command line decides about an invocation and no key knows.
struct RunSettings {
  std::filesystem::path results{"results/results.db"};
  std::filesystem::path cache{"results/cache"};
  std::vector<std::string> worker_prefix{};  ///< "gdb", "--args": goes in front of the worker

  /// Beside the results file: logs/, state/ (fit states and checkpoints), artifacts/.
  std::filesystem::path beside(const char* folder) const;
};

/// One request to a worker and what must be done before it.
struct Job {
  enum class Kind {
    items,     ///< the item table of a dataset, for the store
    pretrain,  ///< training of an encoder or language model
    features,  ///< one pass over the audio of a dataset for some encoders
    cell,      ///< fit, predict and score
  };
  static constexpr std::size_t no_cell = static_cast<std::size_t>(-1);

  Kind kind = Kind::cell;
  std::string name{};                   ///< "features of scenes: log_mel, mfcc", "log_mel/room/s0"
  std::size_t cell = no_cell;           ///< index in Plan::cells; of other kinds none
  std::string dataset{};                ///< key
  std::vector<std::string> features{};  ///< keys of the feature stages that it does
  std::string pretrain{};               ///< key of the pretrain stage that it does
  bool wide = false;                    ///< runs alone, with all threads
  double timeout = 0;                   ///< s a stage; 0: none
  std::int64_t memory = 0;              ///< bytes; 0: the system does not tell what there is

  std::vector<std::size_t> dependants{};  ///< jobs that wait for it
  int waits_for = 0;                      ///< jobs that it waits for
  int attempts = 0;
};

/// Items, then pretraining, then features, then cells in the plan's order.
using Jobs = std::vector<Job>;

/// The jobs of all cells that are to run. Feature stages of one dataset share a job, but those of a
/// pretrained encoder have their own, so that no others wait for its training. Its cells
/// wait for the training as well, and fail with it.
/// @param with_items datasets whose items the store has
Jobs build_jobs(const Plan& plan, const std::set<std::string>& with_items);

/// What a job sends to its worker.
JobRequest request_of(const Job& job, const Plan& plan, const RunSettings& settings,
                      std::int64_t threads);

/// What the logs of all attempts at a job begin with, as AttemptLog takes it:
/// logs/<experiment>/[items-|pretrain-|features-]<16 digits of the key>.
std::filesystem::path log_stem(const Job& job, const Plan& plan, const RunSettings& settings);

/// What a cell is made of, for the circuit breaker: "encoder 'mimi'", "task 'room'" ...
std::vector<std::string> parts_of(const PlannedCell& cell);

/// A features job that failed with several encoders, taken apart: one job each, so that only the
/// culprit's cells fail. The cells that waited for `job` wait for theirs. @returns the new jobs.
std::vector<std::size_t> split_features(Jobs& jobs, std::size_t job, const Plan& plan);

}  // namespace earshot::host
