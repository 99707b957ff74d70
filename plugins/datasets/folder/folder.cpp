#include "folder.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>

#include <earshot/kit/names.hpp>
#include <earshot/kit/splits.hpp>

#include "lengths.hpp"

namespace folder {

using earshot::ConfigError;
using earshot::DataError;
using earshot::Split;
using earshot::kit::split_named;
namespace fs = std::filesystem;

namespace {

/// Files and folders that are not data: hidden ones, and those that macOS adds to archives.
bool is_hidden(const fs::path& path) {
  const auto name = path.filename().string();
  return name.starts_with('.') || name == "__MACOSX";
}

/// Whether a path leads into a folder.
bool lies_in(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

std::regex pattern_of(const std::string& group) {
  try {
    std::regex pattern(group);
    if (group.empty() || pattern.mark_count() > 0) return pattern;
  } catch (const std::regex_error&) {
    throw ConfigError("group '" + group + "' is not a regular expression (ECMAScript)");
  }
  throw ConfigError("group '" + group +
                    "' has no parentheses; put them around the part that is the group");
}

/// The entries of a folder by name, without hidden ones.
std::vector<fs::directory_entry> entries_in(const fs::path& folder) {
  std::vector<fs::directory_entry> result;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (!is_hidden(entry->path())) result.push_back(*entry);
  if (error) throw DataError(folder.string() + ": cannot be read: " + error.message());
  std::sort(result.begin(), result.end());
  return result;
}

/// A file, or a dangling link, as git-annex has for a file whose content is elsewhere.
bool is_file(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.is_regular_file(ignored) ||
         (entry.is_symlink(ignored) && !fs::exists(entry.path(), ignored));
}

constexpr std::int64_t most_crops = 1'000'000;  // of one file: eleven days of crops of a second

/// "dog/a.wav@2.5"
std::string id_of_crop(const std::string& file, double start) {
  char text[32];
  std::snprintf(text, sizeof text, "@%.10g", start);
  return file + text;
}

/// The length of crops and the distance of their starts, in s; 0, 0 for whole files.
struct Crops {
  double seconds = 0, hop = 0;
};

Crops crops_of(const earshot::Options& options) {
  const auto seconds = options.number("crop_seconds"), hop = options.number("hop_seconds");
  if (seconds == 0 && hop > 0)
    throw ConfigError("hop_seconds is " + std::to_string(hop) +
                      " without crop_seconds; allowed: both, or neither. Give the length of the "
                      "crops as crop_seconds");
  return {seconds, hop > 0 ? hop : seconds};
}

}  // namespace

earshot::OptionSchema Folder::options() {
  earshot::OptionSchema schema = {
      {.name = "root",
       .value = earshot::Path{},
       .help = "Folder with one folder per class, or with train, validation and test folders that "
               "contain them",
       .required = true},
      {.name = "group",
       .value = std::string(),
       .help = "Regular expression whose first parentheses match the group in a path below root. "
               "Empty: every file is its own group"},
      {.name = "crop_seconds",
       .value = 0.0,
       .help = "Cuts each file into items of this length, all in the group of the file; what is "
               "left at its end is not used. 0: an item is a whole file",
       .unit = "s",
       .min = 0},
      {.name = "hop_seconds",
       .value = 0.0,
       .help = "From the start of one crop to that of the next; 0: crop_seconds, so that none "
               "overlap",
       .unit = "s",
       .min = 0},
  };
  for (auto& option : earshot::kit::split_options("where there is no folder for them"))
    schema.push_back(std::move(option));
  return schema;
}

Folder::Folder(const earshot::Options& options, const earshot::Context&)
    : root_(options.path("root")), group_(options.text("group")), pattern_(pattern_of(group_)) {
  if (!fs::is_directory(root_))
    throw DataError("root '" + root_.string() +
                    "' is not a folder; expected one with a folder per class");
  const auto crops = crops_of(options);
  folders_.push_back(root_);
  std::vector<std::string> splits, others;
  std::map<std::string, std::vector<fs::path>> files;  // by folder below root
  for (const auto& entry : entries_in(root_)) {
    if (!is_folder(entry)) continue;
    const auto name = entry.path().filename().string();
    find_audio(entry.path(), files[name]);
    if (!files[name].empty()) (split_named(name) ? splits : others).push_back(name);
  }
  if (splits.size() > 1 && !others.empty())
    throw DataError("root '" + root_.string() + "' has folders for splits, '" + splits[0] +
                    "' and '" + splits[1] + "', but also '" + others[0] +
                    "' with audio; expected either splits or classes");
  const bool split = !splits.empty() && others.empty();
  for (const auto& [name, found] : files)
    for (const auto& file : found)
      add(file, split ? *split_named(name) : Split::train, split);
  if (entries_.empty())
    throw DataError("root '" + root_.string() +
                    "' has no audio file in a folder; expected one folder per class");
  std::set<std::string> names;
  for (const auto& entry : entries_)
    names.insert(entry.name);
  classes_.assign(names.begin(), names.end());
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.name, a.id) < std::tie(b.name, b.id);
  });
  if (crops.seconds > 0) cut_into_crops(crops.seconds, crops.hop);
  if (split) return;
  const auto drawn = earshot::kit::draw_splits(*this, options);
  for (std::size_t i = 0; i < drawn.size(); ++i)
    entries_[i].split = drawn[i];
}

bool Folder::is_folder(const fs::directory_entry& entry) const {
  std::error_code error;
  if (!entry.is_directory(error)) return false;
  // The files of a link to one of these folders are found without it, and the link may be part of a
  // cycle.
  return !entry.is_symlink() || !lies_in(fs::canonical(entry.path()), fs::canonical(root_));
}

void Folder::find_audio(const fs::path& folder, std::vector<fs::path>& files,
                        const std::vector<fs::path>& above) {
  const auto here = fs::canonical(folder);
  if (std::find(above.begin(), above.end(), here) != above.end()) return;  // a cycle of links
  auto inside = above;
  inside.push_back(here);
  folders_.push_back(folder);
  for (const auto& entry : entries_in(folder)) {
    if (is_folder(entry))
      find_audio(entry.path(), files, inside);
    else if (is_file(entry) && earshot::kit::is_audio(entry.path()))
      files.push_back(entry.path());
  }
}

void Folder::add(const fs::path& file, Split split, bool below_split) {
  const auto below = file.lexically_relative(root_);
  const auto id = below.generic_string();
  auto part = below.begin();
  if (below_split) ++part;
  if (std::next(part) == below.end()) return;  // in a split, but not in a class
  std::smatch match;
  if (!group_.empty() && !std::regex_search(id, match, pattern_))
    throw DataError("'" + id + "' does not match the option group, '" + group_ +
                    "'; every path below root must match");
  entries_.push_back({.id = id,
                      .name = part->string(),
                      .group = group_.empty() ? id : match[1].str(),
                      .split = split});
}

void Folder::cut_into_crops(double seconds, double hop) {
  std::vector<Entry> crops;
  for (auto& entry : entries_) {
    const auto length = length_of(root_ / entry.id);
    // A stretch may end a sample behind the file: start and length are not always whole samples.
    const auto fit =
        length ? std::floor((length->seconds() - seconds + 1 / static_cast<double>(length->rate)) /
                            hop)
               : -1;
    if (fit < 0) {
      crops.push_back(std::move(entry));
      continue;
    }
    if (fit >= most_crops)
      throw ConfigError("'" + entry.id + "' has " + std::to_string(length->seconds()) +
                        " s, which gives more than " + std::to_string(most_crops) +
                        " crops every " + std::to_string(hop) +
                        " s; allowed: fewer. Raise crop_seconds or hop_seconds");
    for (std::int64_t number = 0; number <= static_cast<std::int64_t>(fit); ++number) {
      auto crop = entry;
      crop.start = static_cast<double>(number) * hop;
      crop.duration = seconds;
      crops.push_back(std::move(crop));
    }
  }
  entries_ = std::move(crops);
}

std::vector<earshot::LabelSpec> Folder::labels() const {
  return {{.name = "class", .classes = classes_}};
}

earshot::Item Folder::item(std::int64_t index) const {
  const auto& entry = entries_[static_cast<std::size_t>(index)];
  const bool crop = entry.duration > 0;
  return {.id = crop ? id_of_crop(entry.id, entry.start) : entry.id,
          .split = entry.split,
          .groups = {{"clip", entry.group}},
          .clips = {{.file = root_ / entry.id, .start = entry.start, .duration = entry.duration}},
          .labels = {{"class", entry.name}}};
}

}  // namespace folder
