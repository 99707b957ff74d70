#include "folder.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include <earshot/kit/names.hpp>
#include <earshot/kit/splits.hpp>

namespace folder {

using earshot::ConfigError;
using earshot::DataError;
using earshot::Split;
using earshot::kit::split_named;
namespace fs = std::filesystem;

namespace {

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

std::regex pattern_of(const std::string& group) {
  try {
    std::regex pattern(group);
    if (group.empty() || pattern.mark_count() > 0) return pattern;
  } catch (const std::regex_error&) {
    throw ConfigError("group '" + group + "' is no regular expression (ECMAScript)");
  }
  throw ConfigError("group '" + group + "' has no bracket; put one around what names the group");
}

/// Folders in a folder, by name, hidden ones left out.
std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> result;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && !is_hidden(entry.path())) result.push_back(entry.path());
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

earshot::OptionSchema Folder::options() {
  earshot::OptionSchema schema = {
      {.name = "root",
       .value = earshot::Path{},
       .help =
           "Folder with a folder per class, or with train, validation and test, each with those",
       .required = true},
      {.name = "group",
       .value = std::string(),
       .help = "Regular expression; what its first bracket matches in a path below root is the "
               "group. Empty: every file stands alone"},
  };
  for (auto& option : earshot::kit::split_options("where there is no folder for them"))
    schema.push_back(std::move(option));
  return schema;
}

Folder::Folder(const earshot::Options& options, const earshot::Context&)
    : root_(options.path("root")), group_(options.text("group")), pattern_(pattern_of(group_)) {
  if (!fs::is_directory(root_))
    throw DataError("root '" + root_.string() +
                    "' is no folder; expected one with a folder per class");
  folders_.push_back(root_);
  const auto top = folders_in(root_);
  const bool split = !top.empty() && std::all_of(top.begin(), top.end(), [](const fs::path& path) {
    return split_named(path.filename().string()).has_value();
  });
  for (const auto& path : top) {
    const auto name = path.filename().string();
    if (!split) {
      read_class(path, name, Split::train);
      continue;
    }
    folders_.push_back(path);
    for (const auto& inner : folders_in(path))
      read_class(inner, inner.filename().string(), *split_named(name));
  }
  if (entries_.empty())
    throw DataError("root '" + root_.string() +
                    "' has no audio file in a folder; expected a folder per class");
  std::set<std::string> names;
  for (const auto& entry : entries_)
    names.insert(entry.name);
  classes_.assign(names.begin(), names.end());
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.name, a.id) < std::tie(b.name, b.id);
  });
  if (split) return;
  const auto drawn = earshot::kit::draw_splits(*this, options);
  for (std::size_t i = 0; i < drawn.size(); ++i)
    entries_[i].split = drawn[i];
}

void Folder::read_class(const fs::path& at, const std::string& name, Split split) {
  folders_.push_back(at);
  for (auto entry = fs::recursive_directory_iterator(at);
       entry != fs::recursive_directory_iterator(); ++entry) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    if (entry->is_directory()) folders_.push_back(entry->path());
    if (!entry->is_regular_file() || !earshot::kit::is_audio(entry->path())) continue;
    const auto id = entry->path().lexically_relative(root_).generic_string();
    std::smatch match;
    if (!group_.empty() && !std::regex_search(id, match, pattern_))
      throw DataError("'" + id + "' does not match the option group, '" + group_ +
                      "'; every path below root must");
    entries_.push_back(
        {.id = id, .name = name, .group = group_.empty() ? id : match[1].str(), .split = split});
  }
}

std::vector<earshot::LabelSpec> Folder::labels() const {
  return {{.name = "class", .classes = classes_}};
}

earshot::Item Folder::item(std::int64_t index) const {
  const auto& entry = entries_[static_cast<std::size_t>(index)];
  return {.id = entry.id,
          .split = entry.split,
          .groups = {{"clip", entry.group}},
          .clips = {{.file = root_ / entry.id}},
          .labels = {{"class", entry.name}}};
}

}  // namespace folder
