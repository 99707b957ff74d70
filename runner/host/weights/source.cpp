#include "host/weights/source.hpp"

#include <algorithm>

#include "host/base/failure.hpp"

namespace earshot::host {

namespace {

constexpr std::string_view scheme = "hf://";

/// The hub's rule for names of owners and repositories.
bool is_name(const std::string& name) {
  const auto allowed = [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_' || c == '.';
  };
  const auto is_edge = [](char c) { return c == '-' || c == '.'; };
  return !name.empty() && name.size() <= 96 && std::all_of(name.begin(), name.end(), allowed) &&
         !is_edge(name.front()) && !is_edge(name.back()) && name.find("--") == std::string::npos &&
         name.find("..") == std::string::npos;
}

[[noreturn]] void refuse(const std::string& source, const std::string& problem) {
  throw Failure(ExitCode::usage,
                "'" + source + "': " + problem +
                    "; allowed is hf://owner/repo[/file][@revision], such as 'hf://kyutai/mimi' or "
                    "'hf://microsoft/msclap/CLAP_weights_2023.pth'");
}

}  // namespace

std::string HubSource::text() const {
  return std::string(scheme) + repository() + (path.empty() ? "" : "/" + path) +
         (revision == "main" ? "" : "@" + revision);
}

bool is_hub_source(std::string_view source) {
  return source.starts_with(scheme);
}

bool is_plain_path(std::string_view path) {
  if (path.empty() || path.size() > 1024) return false;
  if (std::any_of(path.begin(), path.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\'; }))
    return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
    begin = end + 1;
  }
  return true;
}

HubSource parse_hub_source(const std::string& source) {
  HubSource found;
  auto rest = source.substr(scheme.size());
  const auto at = rest.rfind('@');
  if (at != std::string::npos) {
    found.revision = rest.substr(at + 1);
    rest.resize(at);
    if (!is_plain_path(found.revision) || found.revision.front() == '-')
      refuse(source, "'" + found.revision + "' is not a revision");
  }
  const auto owner_end = rest.find('/');
  if (owner_end == std::string::npos) refuse(source, "it does not name a repository");
  const auto repo_end = std::min(rest.find('/', owner_end + 1), rest.size());
  found.owner = rest.substr(0, owner_end);
  found.repo = rest.substr(owner_end + 1, repo_end - owner_end - 1);
  for (const auto& name : {found.owner, found.repo})
    if (!is_name(name))
      refuse(source, "'" + name + "' is not the name of an owner or a repository");
  if (repo_end == rest.size()) return found;
  found.path = rest.substr(repo_end + 1);
  if (!is_plain_path(found.path))
    refuse(source, "'" + found.path + "' is not a file in a repository");
  return found;
}

}  // namespace earshot::host
