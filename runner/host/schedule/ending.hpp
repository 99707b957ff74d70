#pragma once
#include <string>
#include <vector>

#include "host/schedule/job_verbs.hpp"

namespace earshot::host {

/// How an attempt at a job ended: as a run is recorded.
struct Ending {
  std::string state{};  ///< as RunRecord::state
  std::string kind{};   ///< config, data, contract, unsupported, bug; signal, exit, protocol; ""
  std::string error{};  ///< as short_text() makes it
  int exit_code = 0, signal = 0;
  JobResult result{};                   ///< where the state is "ok": that of the job's kind
  std::string leftovers{};              ///< what the worker still does, "2 threads"; it is retired
  std::vector<std::string> warnings{};  ///< to be said once

  /// Another attempt may end otherwise.
  bool worth_retrying() const {
    return state == "timeout" || state == "oom" || kind == "signal" || kind == "exit" ||
           kind == "protocol";
  }
};

}  // namespace earshot::host
