#pragma once
#include <filesystem>
#include <string>

namespace earshot::host {

/// Where weights are that an experiment names.
struct Weights {
  std::string path{};     ///< file or folder; "" when random or missing
  std::string missing{};  ///< why there are none; "" when there are
};

/// `source` is "random", a path (relative to `base`), or "hf://owner/repo[/file]", which is looked
/// up in the local Hugging Face cache: HF_HUB_CACHE, or HF_HOME/hub, or ~/.cache/huggingface/hub.
Weights find_weights(const std::string& source, const std::string& base);

}  // namespace earshot::host
