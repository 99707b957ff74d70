#pragma once
#include <filesystem>
#include <span>

#include <earshot/component.hpp>

namespace earshot::worker {

/// Writes a State atomically, as a safetensors file: tensors of any device, text as its metadata.
/// The metadata also has a checksum of the whole file, computed with zeros in its place.
/// @throws DataError "<file>: <reason>" if it cannot be written or text is not UTF-8; ContractError
/// for a type that safetensors lacks.
void write_state(const std::filesystem::path& file, const State& state);

/// Copies of the tensors, on the CPU. @throws DataError "<file>: <reason>" if the file is missing,
/// truncated, damaged or of another kind; any bytes will do.
State read_state(const std::filesystem::path& file);

/// A state that is intact and cannot be loaded, for instance because another build of the plugin
/// wrote it. Thrown by a stage, which can be done without it. Not a std::exception, so that no
/// plugin on the way catches it.
struct UnusableState {
  std::filesystem::path file{};
};

/// Deletes the file, with a line on stderr.
void report_unusable(const UnusableState& state);

/// Calls `stage`; if that meets a state that cannot be used, deletes the state and calls it again.
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
