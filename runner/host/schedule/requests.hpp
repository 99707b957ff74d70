#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/schedule/jobs.hpp"
#include "protocol/verbs.hpp"

namespace earshot::host {

/// The requests of jobs to workers, with a verb for each Job::Kind.
using JobVerbs = protocol::List<protocol::verb::Items, protocol::verb::Pretrain,
                                protocol::verb::Features, protocol::verb::Cell>;
using JobRequest = protocol::RequestOf<JobVerbs>;
using JobResult = protocol::ResultOf<JobVerbs>;

/// Settings of the command line that are not part of any key.
struct RunSettings {
  std::filesystem::path results{"results/results.db"};
  std::filesystem::path cache{"results/cache"};
  std::vector<std::string> worker_prefix{};  ///< "gdb", "--args": put in front of the worker

  /// Next to the results file: logs/, state/ (fit states and checkpoints), artifacts/.
  std::filesystem::path beside(const char* folder) const;
};

/// The request that a job sends to its worker.
/// @param threads  number of threads that the worker may use
JobRequest request_of(const Job& job, const Plan& plan, const RunSettings& settings,
                      std::int64_t threads);

/// The dataset without its fold, since all folds read the same audio; unless there is a limit,
/// which gives each fold clips of its own.
protocol::DatasetRef without_fold(protocol::DatasetRef dataset);

}  // namespace earshot::host
