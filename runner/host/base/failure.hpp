#pragma once
#include <stdexcept>
#include <string>

namespace earshot::host {

/// Exit status of the program; documented in `runner --help`.
enum class ExitCode : int {
  ok = 0,
  cells_not_ok = 1,  ///< some selected cell is not ok
  usage = 2,         ///< bad command line or experiment file
  plugin_refused = 3,
  store_unusable = 4,  ///< results file newer, corrupt or locked, or the disk is full
  interrupted = 130,
  terminated = 143,
};

/// Ends a command with one line on stderr: `where: what is wrong with which value; what is allowed.
/// what to do`, and an exit code.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& message);
  ~Failure() override;
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace earshot::host
