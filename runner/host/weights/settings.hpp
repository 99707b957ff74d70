#pragma once
#include <chrono>
#include <filesystem>
#include <string>

namespace earshot::host {

/// Where the hub and its cache are, from the same environment variables as in the Python library
/// huggingface_hub: same variables, same precedence, same defaults.
struct HubSettings {
  /// HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, $HF_HOME/hub, $XDG_CACHE_HOME/huggingface/hub, or
  /// ~/.cache/huggingface/hub
  std::filesystem::path cache{};
  std::string endpoint = "https://huggingface.co";  ///< HF_ENDPOINT, without a trailing '/'
  /// HF_TOKEN, HUGGING_FACE_HUB_TOKEN, or the file HF_TOKEN_PATH, $HF_HOME/token; "" for none. Sent
  /// only to `endpoint`, and never shown.
  std::string token{};
  std::string token_from{};  ///< "HF_TOKEN" or the file, for messages
  bool offline = false;      ///< HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is 1, ON, YES or TRUE

  /// A transfer that receives no byte for this long is aborted and retried. HF_HUB_DOWNLOAD_TIMEOUT
  std::chrono::seconds stall{10};
  int attempts = 5;  ///< attempts without progress before giving up
  /// Before the second attempt; doubled before each later one, up to 30 s.
  std::chrono::milliseconds first_wait{1000};
};

/// HubSettings::cache alone.
std::filesystem::path hub_cache();

/// @throws Failure (usage) if HF_ENDPOINT is not an http(s) address, or a token has forbidden
/// characters
HubSettings hub_settings();

}  // namespace earshot::host
