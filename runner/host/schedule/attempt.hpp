#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "host/schedule/requests.hpp"

namespace earshot::host {

/// How an attempt at a job ended, in the terms in which a run is recorded.
struct Ending {
  std::string state{};  ///< as RunRecord::state
  std::string kind{};   ///< config, data, contract, unsupported, bug; signal, exit, protocol; ""
  std::string error{};  ///< shortened by short_text()
  int exit_code = 0, signal = 0;
  JobResult result{};       ///< if the state is "ok", the result of the job's kind
  std::string leftovers{};  ///< what still runs in the worker, "2 threads"; it is retired
  /// What plugins changed in the process of the worker, a sentence each: shown once, not recorded.
  std::vector<std::string> warnings{};

  /// Whether another attempt may end differently.
  bool worth_retrying() const {
    return state == "timeout" || state == "oom" || kind == "signal" || kind == "exit" ||
           kind == "protocol";
  }
};

/// A run in progress: its row, and the number of the attempt at its cell.
struct BegunRun {
  std::int64_t id = 0, attempt = 1;
};

/// An attempt at a job that is over.
struct EndedAttempt {
  std::int64_t number = 1;  ///< counted for its cell, including earlier invocations
  Ending ending{};
  double seconds = 0;
  std::string log{};
  bool again = false;  ///< whether another attempt follows
};

/// The beginning of the log files of all attempts at a job, for AttemptLog:
/// logs/<experiment>/[items-|pretrain-|features-]<16 digits of the key>.
std::filesystem::path log_stem(const Job& job, const Plan& plan, const RunSettings& settings);

/// The log of one attempt: what the worker prints, capped. The first half of the cap is written to
/// the file as it arrives; after that, only the last half of the cap is kept, and is written on
/// close, below a line that says how much is omitted. So the file survives a crash of runner or
/// worker, and a plugin that prints a gigabyte does not fill the disk.
class AttemptLog {
 public:
  static constexpr std::size_t default_cap = 1u << 20;

  /// Creates the file `<stem>-<attempt>.log` with its folders, and writes `header` as its first
  /// line. An existing log is kept: the next free number is used instead.
  /// @throws Failure (store_unusable) if it cannot be created.
  AttemptLog(const std::filesystem::path& stem, std::int64_t attempt, std::string_view header,
             std::size_t cap = default_cap);
  ~AttemptLog();
  AttemptLog(AttemptLog&&) = default;
  AttemptLog& operator=(AttemptLog&&) = delete;

  void write(std::string_view bytes);
  void close();
  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
  std::ofstream stream_;
  std::size_t half_, head_ = 0, dropped_ = 0;
  std::string tail_;
};

}  // namespace earshot::host
