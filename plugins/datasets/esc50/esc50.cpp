#include "esc50.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <regex>
#include <set>
#include <tuple>

#include <earshot/kit/names.hpp>
#include <earshot/kit/table.hpp>

namespace esc50 {

using earshot::DataError;
namespace fs = std::filesystem;

namespace {

/// The classes by the dataset's own numbers, spelled as in its table.
constexpr std::array class_names = {"dog",
                                    "rooster",
                                    "pig",
                                    "cow",
                                    "frog",
                                    "cat",
                                    "hen",
                                    "insects",
                                    "sheep",
                                    "crow",
                                    "rain",
                                    "sea_waves",
                                    "crackling_fire",
                                    "crickets",
                                    "chirping_birds",
                                    "water_drops",
                                    "wind",
                                    "pouring_water",
                                    "toilet_flush",
                                    "thunderstorm",
                                    "crying_baby",
                                    "sneezing",
                                    "clapping",
                                    "breathing",
                                    "coughing",
                                    "footsteps",
                                    "laughing",
                                    "brushing_teeth",
                                    "snoring",
                                    "drinking_sipping",
                                    "door_wood_knock",
                                    "mouse_click",
                                    "keyboard_typing",
                                    "door_wood_creaks",
                                    "can_opening",
                                    "washing_machine",
                                    "vacuum_cleaner",
                                    "clock_alarm",
                                    "clock_tick",
                                    "glass_breaking",
                                    "helicopter",
                                    "chainsaw",
                                    "siren",
                                    "car_horn",
                                    "engine",
                                    "train",
                                    "church_bells",
                                    "airplane",
                                    "fireworks",
                                    "hand_saw"};
constexpr std::array major_names = {"animals", "natural", "human", "interior", "exterior"};

/// ESC-10 in the order of its folders, 001 to 010.
constexpr std::array<std::int64_t, 10> ten_targets = {0, 10, 11, 20, 38, 21, 40, 41, 1, 12};

std::string name_of(std::int64_t target) {
  return class_names[static_cast<std::size_t>(target)];
}

/// The audio files of a folder by name without extension; of two with the same name, the one whose
/// extension comes first.
std::map<std::string, fs::path> files_in(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() || !earshot::kit::is_audio(entry.path())) continue;
    const auto [known, is_new] = files.emplace(entry.path().stem().string(), entry.path());
    if (!is_new) known->second = std::min(known->second, entry.path());
  }
  return files;
}

}  // namespace

earshot::OptionSchema Esc50::options() {
  return {
      {.name = "root",
       .value = earshot::Path{},
       .help = "Folder of the dataset, with meta/esc50.csv and audio/, or with a folder per class",
       .required = true},
      {.name = "subset",
       .value = std::string("esc50"),
       .help = "All 50 classes, or the 10 that may also be used commercially",
       .choices = {"esc50", "esc10"}},
  };
}

Esc50::Esc50(const earshot::Options& options, const earshot::Context&)
    : ten_(options.text("subset") == "esc10") {
  targets_.resize(class_names.size());
  std::iota(targets_.begin(), targets_.end(), 0);
  if (ten_) targets_.assign(ten_targets.begin(), ten_targets.end());
  const auto& root = options.path("root");
  if (!fs::is_directory(root))
    throw DataError("root '" + root.string() + "' is not a folder; expected the folder of ESC-50");
  if (fs::exists(root / "meta" / "esc50.csv"))
    read_table(root);
  else
    read_folders(root);
  std::sort(items_.begin(), items_.end(), [&](const Entry& a, const Entry& b) {
    return std::make_tuple(rank(a.target), a.file.filename()) <
           std::make_tuple(rank(b.target), b.file.filename());
  });
}

std::int64_t Esc50::rank(std::int64_t target) const {
  const auto found = std::find(targets_.begin(), targets_.end(), target);
  return found == targets_.end() ? -1 : found - targets_.begin();
}

void Esc50::read_table(const fs::path& root) {
  const auto path = root / "meta" / "esc50.csv", audio = root / "audio";
  const earshot::kit::Table table(path);
  const auto filename = table.column("filename"), fold = table.column("fold"),
             target = table.column("target"), recording = table.column("src_file"),
             esc10 = table.column("esc10");
  if (!fs::is_directory(audio))
    throw DataError("'" + audio.string() + "' is not a folder; expected the clips of " +
                    path.filename().string() + " there");
  const auto files = files_in(audio);
  std::set<std::string> seen;
  for (const auto& row : table.rows()) {
    const auto place = table.place(row);
    const auto& fields = row.fields;
    Entry entry{.target = earshot::kit::to_integer(fields[target], place, "target"),
                .fold = earshot::kit::to_integer(fields[fold], place, "fold"),
                .recording = fields[recording]};
    if (entry.target < 0 || entry.target >= static_cast<std::int64_t>(class_names.size()))
      throw DataError(place + ": target is " + fields[target] + "; allowed: 0 to 49");
    if (entry.fold < 1 || entry.fold > 5)
      throw DataError(place + ": fold is " + fields[fold] + "; allowed: 1 to 5");
    if (ten_ && (fields[esc10] != "True" || rank(entry.target) < 0)) continue;
    const auto stem = fs::path(fields[filename]).stem().string();
    if (!seen.insert(stem).second)
      throw DataError(place + ": names '" + fields[filename] + "' again; expected each clip once");
    const auto exact = audio / fields[filename];
    const auto found = files.find(stem);
    if (found == files.end())
      throw DataError(place + ": '" + fields[filename] + "' is not in '" + audio.string() +
                      "', with any extension. Is the dataset complete?");
    entry.file = fs::exists(exact) ? exact : found->second;
    items_.push_back(std::move(entry));
  }
  if (items_.empty())
    throw DataError(path.filename().string() + ": has no clip of " + (ten_ ? "ESC-10" : "ESC-50"));
  sources_ = {path};
}

void Esc50::read_folders(const fs::path& root) {
  // "001 - Dog bark" is class 1 of ESC-10; "203 - Crackling fire" is class 3 of ESC-50's group 2.
  static const std::regex folder_name(R"((\d)(\d\d) - .*)"), file_name(R"(([1-5])-(.+)-[A-Z])");
  const int first = ten_ ? 0 : 1, last = ten_ ? 0 : 5;
  for (const auto& folder : fs::directory_iterator(root)) {
    std::smatch match;
    const auto name = folder.path().filename().string();
    if (!folder.is_directory() || !std::regex_match(name, match, folder_name)) continue;
    const int group = std::stoi(match[1]), number = std::stoi(match[2]) - 1;
    if (group < first || group > last || number < 0 || number > 9) continue;
    const auto target = group == 0 ? ten_targets[static_cast<std::size_t>(number)]
                                   : static_cast<std::int64_t>((group - 1) * 10 + number);
    for (const auto& [stem, file] : files_in(folder)) {
      if (!std::regex_match(stem, match, file_name)) continue;
      items_.push_back(
          {.file = file, .target = target, .fold = std::stoll(match[1]), .recording = match[2]});
    }
  }
  if (items_.empty())
    throw DataError("root '" + root.string() +
                    "' contains neither meta/esc50.csv nor folders such as '" +
                    (ten_ ? "001 - Dog bark" : "101 - Dog") + "'; expected ESC-50 as published");
  sources_ = {root};
}

std::vector<earshot::LabelSpec> Esc50::labels() const {
  earshot::LabelSpec classes{.name = "class"};
  for (const auto target : targets_)
    classes.classes.push_back(name_of(target));
  if (ten_) return {classes};
  return {classes, {.name = "major", .classes = {std::begin(major_names), std::end(major_names)}}};
}

earshot::Item Esc50::item(std::int64_t index) const {
  const auto& entry = items_[static_cast<std::size_t>(index)];
  earshot::Item item{.id = entry.file.stem().string(),
                     .fold = entry.fold,
                     .groups = {{"clip", entry.recording}},
                     .clips = {{.file = entry.file}},
                     .labels = {{"class", name_of(entry.target)}}};
  if (!ten_)
    item.labels["major"] = std::string(major_names[static_cast<std::size_t>(entry.target / 10)]);
  return item;
}

}  // namespace esc50
