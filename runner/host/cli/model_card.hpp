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
  const CatalogEntry& entry;
  const std::string& weights;  ///< the option that takes them
  const protocol::ExportEncoderResult& made;
};

/// Writes README.md into the folder with the weights: how to use them, and what they were trained
/// on, how long, from which seed, with which options, by which builds, with all hashes.
/// @throws Failure (usage) if it cannot be written
void write_model_card(const std::filesystem::path& folder, const ExportedEncoder& encoder);

}  // namespace earshot::host
