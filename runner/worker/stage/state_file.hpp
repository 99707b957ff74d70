#pragma once
#include <filesystem>
#include <span>

#include <earshot/component.hpp>

namespace earshot::worker {

/// Writes a State atomically, as a safetensors file (huggingface/safetensors, "Format"): tensors of
/// any device as they are, text as its metadata, and there a checksum of the whole file, taken with
/// zeros in its place.
/// @throws DataError if it cannot be written.
void write_state(const std::filesystem::path& file, const State& state);

/// Tensors on the CPU. @throws DataError "<file>: <reason>" if the file is missing, truncated,
/// damaged or no such file; any bytes will do.
State read_state(const std::filesystem::path& file);

/// A state that is intact and cannot be loaded: of another build of a plugin, for instance. Thrown
/// by a stage, which can be done without it. No std::exception, lest a plugin on the way takes it
/// for its own.
struct UnusableState {
  std::filesystem::path file{};
};

/// Deletes it, with a line on stderr.
void report_unusable(const UnusableState& state);

/// Calls `stage`; where it meets a state that cannot be used, deletes that and calls `stage` anew.
template <class Stage>
decltype(auto) with_fresh_start(Stage&& stage) {
  try {
    return stage();
  } catch (const UnusableState& state) {
    report_unusable(state);
  }
  return stage();
}

/// Puts `prefix` before the names in `part` and adds them to `to`; take_part is the reverse.
void add_part(State& to, const std::string& prefix, const State& part);
State take_part(const State& from, const std::string& prefix);

}  // namespace earshot::worker
