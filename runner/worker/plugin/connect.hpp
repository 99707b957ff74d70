#pragma once
#include <span>
#include <string>

#include "worker/plugin/library.hpp"

namespace earshot::worker {

/// "features" or "codes"
std::string name_of(Reads reads);

/// The spec of a source as the experiment has it. @throws ConfigError if it has neither kind
SourceSpec to_spec(const protocol::SourceSpec& source);

/// Connects a reader to such sources, with LibTorch's default generator seeded first. Nothing for
/// what is no reader.
/// @throws ConfigError of the reader, or if these are more or fewer sources than it reads, or of
/// the other kind; ContractError as call_plugin() does, and if its features have a rate although no
/// source has one.
void connect(ComponentInstance& made, std::span<const SourceSpec> sources, std::uint64_t seed);

/// The same with the sources of an experiment. A reader without any is not connected.
void connect(ComponentInstance& made, const protocol::ComponentRef& ref, std::uint64_t seed);

}  // namespace earshot::worker
