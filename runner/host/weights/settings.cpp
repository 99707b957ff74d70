#include "host/weights/settings.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "host/base/failure.hpp"

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

/// The value of the first of these variables that is not empty; "" if there is none.
std::string first_of(std::initializer_list<const char*> names) {
  for (const auto* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

bool is_true(std::string value) {
  std::transform(value.begin(), value.end(), value.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

/// Expands ~, $NAME and ${NAME}, like Python's expanduser and expandvars; unknown names are kept.
fs::path expanded(std::string path) {
  if (path == "~" || path.starts_with("~/")) path.replace(0, 1, first_of({"HOME"}));
  std::string text;
  for (std::size_t i = 0; i < path.size();) {
    const bool braces = path.compare(i, 2, "${") == 0;
    const auto begin = i + (braces ? 2 : 1);
    auto end = begin;
    while (end < path.size() &&
           (std::isalnum(static_cast<unsigned char>(path[end])) != 0 || path[end] == '_'))
      ++end;
    const auto name = path.substr(begin, end - begin);
    const auto next = end + (braces ? 1 : 0);
    const bool closed = !braces || (end < path.size() && path[end] == '}');
    const char* value = path[i] == '$' && closed ? std::getenv(name.c_str()) : nullptr;
    text += value == nullptr ? path.substr(i, 1) : value;
    i = value == nullptr ? i + 1 : next;
  }
  return text;
}

fs::path home() {
  const auto given = first_of({"HF_HOME"});
  if (!given.empty()) return expanded(given);
  const auto cache = first_of({"XDG_CACHE_HOME"});
  return expanded(cache.empty() ? "~/.cache" : cache) / "huggingface";
}

void find_token(HubSettings& settings) {
  if (is_true(first_of({"HF_HUB_DISABLE_IMPLICIT_TOKEN"}))) return;
  for (const auto* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
    if (settings.token.empty()) {
      settings.token = base::trimmed(first_of({name}));
      settings.token_from = name;
    }
  if (settings.token.empty()) {
    const auto given = first_of({"HF_TOKEN_PATH"});
    const auto file = given.empty() ? home() / "token" : expanded(given);
    std::ifstream stream(file, std::ios::binary);
    settings.token = base::trimmed(std::string{std::istreambuf_iterator<char>(stream), {}});
    settings.token_from = file.string();
  }
  const bool sound = std::all_of(settings.token.begin(), settings.token.end(),
                                 [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (!sound)
    throw Failure(
        ExitCode::usage,
        settings.token_from +
            ": the token for the hub has spaces or other characters that tokens do not have; "
            "expected one such as 'hf_...'. Write it again, or log in with 'hf auth login'");
}

}  // namespace

fs::path hub_cache() {
  const auto given = first_of({"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"});
  return given.empty() ? home() / "hub" : expanded(given);
}

HubSettings hub_settings() {
  HubSettings settings;
  settings.cache = hub_cache();
  settings.offline = is_true(first_of({"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}));
  const auto endpoint = first_of({"HF_ENDPOINT"});
  if (!endpoint.empty()) {
    settings.endpoint = endpoint.substr(0, endpoint.find_last_not_of('/') + 1);
    if (!endpoint.starts_with("https://") && !endpoint.starts_with("http://"))
      throw Failure(ExitCode::usage,
                    "HF_ENDPOINT: '" + endpoint +
                        "' is not the address of a hub; allowed are addresses such as "
                        "'https://huggingface.co'. Unset it, or set another");
  }
  const auto stall = first_of({"HF_HUB_DOWNLOAD_TIMEOUT"});
  int seconds = 0;
  std::from_chars(stall.data(), stall.data() + stall.size(), seconds);
  if (seconds > 0) settings.stall = std::chrono::seconds(seconds);
  find_token(settings);
  return settings;
}

}  // namespace earshot::host
