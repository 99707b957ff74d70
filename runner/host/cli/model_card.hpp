#pragma once
#include <filesystem>
#include <string>

#include "host/plan/catalog.hpp"
#include "host/plan/plan.hpp"
#include "host/schedule/workspace.hpp"
#include "protocol/questions.hpp"

namespace earshot::host {

/// What the card of an exported encoder is about.
struct ExportedEncoder {
  const Workspace& workspace;
  const PretrainStage& stage;
  const Component& encoder;  ///< as the experiment has it
  const CatalogEntry& entry;
  const std::string& option;  ///< the one that takes the weights
  const protocol::ExportEncoderResult& made;
};

/// Writes README.md into the folder with the weights: how to use them, and what they were trained
/// on, how long, from which seed, with which options, by which builds, with all hashes. It names no
/// folder of this machine.
/// @throws Failure (usage) if it cannot be written
void write_model_card(const std::filesystem::path& folder, const ExportedEncoder& exported);

}  // namespace earshot::host
