#pragma once
#include <string>

namespace earshot::worker {

/// Ends this process with a line on stderr when its memory grows by more than 4 GiB from now on:
/// a check needs little, and the machine is not the plugin's. Once per process.
void limit_memory();

/// While it lives, what the process prints to stdout and stderr goes to memory.
class OutputCapture {
 public:
  OutputCapture();
  ~OutputCapture();
  OutputCapture(const OutputCapture&) = delete;
  OutputCapture& operator=(const OutputCapture&) = delete;

  std::string out() const;
  std::string error() const;

 private:
  int memory_[2], saved_[2];
};

}  // namespace earshot::worker
