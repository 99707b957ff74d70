#pragma once
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace earshot::base {

/// A process to start. Signals are neither blocked nor ignored there, whatever this process does.
struct ProcessStart {
  std::vector<std::string> words{};                ///< the program and its arguments
  std::string program{};                           ///< its file; "": words[0], looked for in PATH
  std::vector<std::string> environment{};          ///< all of it, "NAME=value"
  std::vector<std::pair<int, int>> descriptors{};  ///< a number here, and its number there
  bool null_input = false;                         ///< stdin is /dev/null
  bool own_group = false;                          ///< it leads a process group of its own
};

/// Starts it by posix_spawn(3): LibTorch's threads do not survive a bare fork(2). If processes or
/// memory are short, tries again for about 3 s, since other processes end.
/// @returns 0, or the error as in errno
int start(ProcessStart process, pid_t& pid);

/// The environment of this process, without the names in `left_out`, and with `added`, which are
/// "NAME=value" and override it.
std::vector<std::string> environment_with(const std::vector<std::string>& added,
                                          std::span<const std::string_view> left_out = {});

/// "was killed by signal 11 (Segmentation fault)", "ended with status 1".
/// @param signal  0 if it exited
std::string ending_text(int code, int signal);

}  // namespace earshot::base
