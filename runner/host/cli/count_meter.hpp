#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/events.hpp"

namespace earshot::host {

/// A line on the terminal that counts what is done and says how long the rest takes: "encoded 12 of
/// 480 files, 1:12 left". Shows nothing if stderr is not a terminal. Removed when it ends.
class CountMeter {
 public:
  explicit CountMeter(std::string doing);  ///< "encoded"
  ~CountMeter();
  CountMeter(const CountMeter&) = delete;
  CountMeter& operator=(const CountMeter&) = delete;

  void show(std::int64_t done, std::int64_t total, std::string_view things);
  void show(const protocol::event::Progress& progress);
  void clear();
  /// A line that stays, shown on a terminal or not.
  void note(const std::string& line);

 private:
  std::string doing_;
  bool live_, drawn_ = false;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now(), last_{};
};

}  // namespace earshot::host
