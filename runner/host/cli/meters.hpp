#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "host/weights/fetch.hpp"
#include "protocol/events.hpp"

namespace earshot::host {

/// A line on the terminal with the progress and the remaining time: "encoded 12 of 480 files, 1:12
/// left". Shows nothing if stderr is not a terminal. The destructor removes it.
class CountMeter {
 public:
  explicit CountMeter(std::string doing);  ///< "encoded"
  ~CountMeter();
  CountMeter(const CountMeter&) = delete;
  CountMeter& operator=(const CountMeter&) = delete;

  void show(std::int64_t done, std::int64_t total, std::string_view things);
  void show(const protocol::event::Progress& progress);
  void clear();
  /// Prints a line that stays, also if stderr is not a terminal.
  void note(const std::string& line);

 private:
  std::string doing_;
  bool live_, drawn_ = false;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now(), last_{};
};

/// Shows the transfer of files: bytes, share, rate, time left. On a terminal it redraws one line;
/// otherwise it prints a line when a larger file begins, every 10 s, and when a file is complete.
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
  bool drawn_ = false;  ///< whether there is a line that the next one overwrites
  std::string file_{};
  std::int64_t begun_ = 0;
  Clock::time_point start_{}, last_{};
};

}  // namespace earshot::host
