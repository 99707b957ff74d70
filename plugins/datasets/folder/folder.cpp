#include "folder.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <regex>
#include <set>
#include <tuple>

#include <earshot/kit/sampling.hpp>

namespace folder {

using earshot::ConfigError;
using earshot::DataError;
using earshot::Split;
namespace fs = std::filesystem;

namespace {

/// Endings of the formats that libsndfile reads.
const std::set<std::string> endings = {".wav", ".flac", ".ogg",  ".oga",  ".opus", ".mp3",
                                       ".aif", ".aiff", ".aifc", ".au",   ".snd",  ".caf",
                                       ".w64", ".rf64", ".sph",  ".nist", ".voc",  ".avr"};

bool is_audio(const fs::path& file) {
  auto ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return endings.contains(ending);
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

std::optional<Split> split_named(const std::string& name) {
  static const std::map<std::string, Split> names = {
      {"train", Split::train},      {"training", Split::train}, {"validation", Split::validation},
      {"valid", Split::validation}, {"val", Split::validation}, {"dev", Split::validation},
      {"test", Split::test},        {"testing", Split::test},   {"eval", Split::test},
      {"evaluation", Split::test}};
  const auto found = names.find(name);
  return found == names.end() ? std::nullopt : std::optional(found->second);
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
  return {
      {.name = "root",
       .value = earshot::Path{},
       .help =
           "Folder with a folder per class, or with train, validation and test, each with those",
       .required = true},
      {.name = "group",
       .value = std::string(),
       .help = "Regular expression; what its first bracket matches in a path below root is the "
               "group. Empty: every file stands alone"},
      {.name = "validation",
       .value = 0.1,
       .help = "Share of the items to validate on, where there is no folder for them",
       .min = 0,
       .max = 0.9},
      {.name = "test",
       .value = 0.2,
       .help = "Share of the items to test on, likewise",
       .min = 0,
       .max = 0.9},
      {.name = "seed", .value = std::int64_t{0}, .help = "Which random split"},
  };
}

Folder::Folder(const earshot::Options& options, const earshot::Context&)
    : root_(options.path("root")), group_(options.text("group")) {
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
  if (!split) draw_splits(options);
}

void Folder::read_class(const fs::path& at, const std::string& name, Split split) {
  std::regex pattern;
  try {
    pattern = std::regex(group_);
  } catch (const std::regex_error&) {
    throw ConfigError("group '" + group_ + "' is no regular expression (ECMAScript)");
  }
  if (!group_.empty() && pattern.mark_count() == 0)
    throw ConfigError("group '" + group_ + "' has no bracket; put one around what names the group");
  folders_.push_back(at);
  for (auto entry = fs::recursive_directory_iterator(at);
       entry != fs::recursive_directory_iterator(); ++entry) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    if (entry->is_directory()) folders_.push_back(entry->path());
    if (!entry->is_regular_file() || !is_audio(entry->path())) continue;
    const auto id = entry->path().lexically_relative(root_).generic_string();
    std::smatch match;
    if (!group_.empty() && !std::regex_search(id, match, pattern))
      throw DataError("'" + id + "' does not match the option group, '" + group_ +
                      "'; every path below root must");
    entries_.push_back(
        {.id = id, .name = name, .group = group_.empty() ? id : match[1].str(), .split = split});
  }
}

void Folder::draw_splits(const earshot::Options& options) {
  const auto validation = options.number("validation"), test = options.number("test");
  if (validation + test >= 1)
    throw ConfigError("validation and test are " + std::to_string(validation) + " and " +
                      std::to_string(test) + "; allowed: less than 1 together");
  std::vector<std::int64_t> strata;
  std::vector<std::map<std::string, std::string>> groups;
  for (const auto& entry : entries_) {
    strata.push_back(std::lower_bound(classes_.begin(), classes_.end(), entry.name) -
                     classes_.begin());
    groups.push_back({{"clip", entry.group}});
  }
  const auto splits =
      earshot::kit::draw_splits(strata, earshot::kit::linked(groups), validation, test,
                                static_cast<std::uint64_t>(options.integer("seed")));
  for (std::size_t i = 0; i < splits.size(); ++i)
    entries_[i].split = splits[i];
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
