#include "host/plan/weights.hpp"

#include <cstdlib>
#include <fstream>
#include <system_error>

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

fs::path hub() {
  if (const char* folder = std::getenv("HF_HUB_CACHE")) return folder;
  if (const char* home = std::getenv("HF_HOME")) return fs::path(home) / "hub";
  const char* home = std::getenv("HOME");
  return fs::path(home == nullptr ? "/" : home) / ".cache" / "huggingface" / "hub";
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// <hub>/models--owner--repo/snapshots/<revision that refs/main names>[/file]
Weights find_in_hub(const std::string& source) {
  const auto rest = source.substr(std::string("hf://").size());
  const auto owner_end = rest.find('/');
  const auto repo_end = owner_end == std::string::npos ? owner_end : rest.find('/', owner_end + 1);
  if (owner_end == 0 || owner_end == std::string::npos || owner_end + 1 == repo_end ||
      owner_end + 1 == rest.size())
    return {"", "'" + source + "' names no repository; expected hf://owner/repo[/file]"};
  const auto owner = rest.substr(0, owner_end);
  const auto repo = rest.substr(owner_end + 1, repo_end - owner_end - 1);
  const auto folder = hub() / ("models--" + owner + "--" + repo);
  std::string revision;
  std::ifstream(folder / "refs" / "main") >> revision;
  auto path = folder / "snapshots" / revision;
  if (repo_end != std::string::npos) path /= rest.substr(repo_end + 1);
  if (!revision.empty() && is_there(path)) return {path.string(), ""};
  return {"", "'" + source + "' is not in the local Hugging Face cache, " + hub().string()};
}

}  // namespace

Weights find_weights(const std::string& source, const std::string& base) {
  if (source == "random" || source.empty()) return {};
  if (source.starts_with("hf://")) return find_in_hub(source);
  const auto path = (fs::path(base) / source).lexically_normal();
  if (is_there(path)) return {fs::absolute(path).string(), ""};
  return {"", "there is no file '" + fs::absolute(path).string() + "'"};
}

}  // namespace earshot::host
