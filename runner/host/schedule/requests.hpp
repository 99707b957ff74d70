#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/schedule/jobs.hpp"
#include "protocol/verbs.hpp"

namespace earshot::host {

/// What jobs ask of workers, a verb for each Job::Kind.
using JobVerbs = protocol::List<protocol::verb::Items, protocol::verb::Pretrain,
                                protocol::verb::Features, protocol::verb::Cell>;
using JobRequest = protocol::RequestOf<JobVerbs>;
using JobResult = protocol::ResultOf<JobVerbs>;

/// What the command line decides about an invocation and no key knows.
struct RunSettings {
  std::filesystem::path results{"results/results.db"};
  std::filesystem::path cache{"results/cache"};
  std::vector<std::string> worker_prefix{};  ///< "gdb", "--args": goes in front of the worker

  /// Beside the results file: logs/, state/ (fit states and checkpoints), artifacts/.
  std::filesystem::path beside(const char* folder) const;
};

/// What a job sends to its worker.
/// @param threads  that the worker may use
JobRequest request_of(const Job& job, const Plan& plan, const RunSettings& settings,
                      std::int64_t threads);

/// A dataset as every fold of it sees its audio. With a limit each fold has clips of its own.
protocol::DatasetRef without_fold(protocol::DatasetRef dataset);

}  // namespace earshot::host
