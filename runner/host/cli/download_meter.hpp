#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "host/weights/fetch.hpp"

namespace earshot::host {

/// Shows files on their way: bytes, share, rate, time left. Live it redraws one line; else it
/// prints a line when a file begins (larger ones), every 10 s, and when it is there.
class DownloadMeter {
 public:
  DownloadMeter(std::FILE* out, bool live) : out_(out), live_(live) {}

  void progress(const FetchProgress& now);
  void note(const std::string& line);

 private:
  using Clock = std::chrono::steady_clock;
  void begin(const FetchProgress& now);
  std::string line(const FetchProgress& now) const;
  void print(const std::string& text);

  std::FILE* out_;
  bool live_;
  bool drawn_ = false;  ///< a line that the next one overwrites
  std::string file_{};
  std::int64_t begun_ = 0;
  Clock::time_point start_{}, last_{};
};

}  // namespace earshot::host
