#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/json.hpp"

namespace earshot::host {

using protocol::Json;

/// Progress of an invocation.
struct ProgressState {
  std::int64_t total = 0;  ///< cells to run in this invocation
  std::int64_t done = 0;   ///< those that have ended for good, in any state
  std::int64_t running = 0, failed = 0;
  double elapsed = 0;     ///< s
  double remaining = -1;  ///< s, estimated; negative while unknown
  std::string stage{};    ///< the stage that has been running longest: "features of scenes"
  std::int64_t stage_done = 0, stage_total = 0;
  double stage_rate = 0;   ///< stage_done per second; 0 while unknown
  std::string curve{};     ///< of a model in training: "loss"; otherwise ""
  double curve_value = 0;  ///< its last point, possibly not finite
};

/// Shows what happens while an experiment runs.
class Progress {
 public:
  virtual ~Progress();

  /// Prints a line that is useful in every format: a warning, a retry.
  virtual void note(std::string_view line) = 0;
  /// {"event": "plan" | "stage" | "cell_started" | "cell_finished" | "summary", ...}. Fields:
  ///   plan          experiment, total (to run), cached, excluded, left_out, skipped, expected
  ///   stage         stage, name, state, seconds
  ///   cell_started  cell, key, attempt
  ///   cell_finished cell, key, attempt, state, seconds, error?, retry (another attempt follows)
  ///   summary       expected, ok, failed, skipped, ..., seconds, exit
  virtual void event(const Json& event) = 0;
  /// Called at least ten times a second while something runs.
  virtual void tick(const ProgressState& state) = 0;
  /// Removes what is drawn, before something else is printed.
  virtual void finish() = 0;
};

/// @param kind "auto" (live on a terminal, else plain), "live", "plain", "json" or "none".
/// @throws Failure (usage) for any other.
std::unique_ptr<Progress> make_progress(std::string_view kind, std::FILE* out);

/// "1:02:03", "12:40"; "" for a negative number.
std::string clock_text(double seconds);

}  // namespace earshot::host
