#pragma once
#include <filesystem>
#include <span>

#include <earshot/component.hpp>

namespace earshot::worker {

/// Writes a State atomically, as a safetensors file (huggingface/safetensors, "Format"): tensors of
/// any device as they are, text as its metadata, and there a checksum of the tensors' bytes.
/// @throws DataError if it cannot be written.
void write_state(const std::filesystem::path& file, const State& state);

/// Tensors on the CPU. @throws DataError "<file>: <reason>" if the file is missing, truncated,
/// damaged or no such file; any bytes will do.
State read_state(const std::filesystem::path& file);

/// Puts `prefix` before the names in `part` and adds them to `to`; take_part is the reverse.
void add_part(State& to, const std::string& prefix, const State& part);
State take_part(const State& from, const std::string& prefix);

}  // namespace earshot::worker
