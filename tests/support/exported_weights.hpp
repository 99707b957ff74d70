#pragma once
#include <filesystem>
#include <string>

#include <earshot/kit/checkpoint.hpp>
#include <earshot/learner.hpp>
#include <earshot/options.hpp>

#include "files.hpp"

namespace earshot::testing {

/// What a learner exports, as files in a new folder, as `runner export-encoder` writes them: a
/// value for its option that takes weights.
inline Weights exported_weights(const Learner& learner, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const auto weights = learner.export_weights();
  kit::save_safetensors(folder / "model.safetensors", weights.tensors);
  const auto config = weights.text.find("config.json");
  if (config != weights.text.end()) write(folder / "config.json", config->second);
  return {.source = folder.string(), .path = folder};
}

}  // namespace earshot::testing
