#pragma once
#include <string>
#include <string_view>

namespace earshot::host {

/// A checkpoint on a Hugging Face hub, written hf://owner/repo[/path][@revision].
struct HubSource {
  std::string owner{}, repo{};
  std::string path{};             ///< a file or folder in the repository; "": the root
  std::string revision = "main";  ///< branch, tag or commit: everything after the last '@'

  std::string repository() const { return owner + "/" + repo; }
  std::string text() const;  ///< as written, without "@main"
};

bool is_hub_source(std::string_view source);

/// @throws Failure (usage) `'hf://...': <what is wrong>; <what is allowed>.` for names that the hub
/// does not allow, and for paths and revisions that would escape their folder.
HubSource parse_hub_source(const std::string& source);

/// Whether a name from outside can safely be used below a folder: relative, without empty parts,
/// '.' and '..', backslashes and control characters.
bool is_plain_path(std::string_view path);

}  // namespace earshot::host
