#include "audiocaps.hpp"

#include <unordered_map>

#include <earshot/kit/questions.hpp>

namespace audiocaps {

using earshot::ConfigError;
using earshot::DataError;
using earshot::Item;
using earshot::Split;
namespace fs = std::filesystem;

namespace {

/// `pattern` with each {name} replaced by its value. @throws ConfigError for an unknown name.
std::string fill(const std::string& pattern, const std::map<std::string, std::string>& values) {
  std::string result;
  for (std::size_t start = 0; start < pattern.size();) {
    const auto open = pattern.find('{', start);
    result += pattern.substr(start, open - start);
    if (open == std::string::npos) break;
    const auto close = pattern.find('}', open);
    const auto name = pattern.substr(open + 1, close - open - 1);
    const auto value = values.find(name);
    if (close == std::string::npos || value == values.end())
      throw ConfigError("pattern has '{" + name +
                        "'; allowed: {split}, {youtube_id}, {start_time}, {audiocap_id}");
    result += value->second;
    start = close + 1;
  }
  return result;
}

}  // namespace

earshot::OptionSchema AudioCaps::options() {
  return {
      {.name = "root",
       .value = earshot::Path{},
       .help = "Folder with train.csv, val.csv and test.csv",
       .required = true},
      {.name = "audio", .value = earshot::Path{}, .help = "Folder of the clips; empty: root"},
      {.name = "pattern",
       .value = std::string("{split}/Y{youtube_id}.wav"),
       .help = "Path of a clip in it, with {split} (train, val, test), {youtube_id}, {start_time} "
               "and {audiocap_id}",
       .affects_results = false},
      {.name = "prompt",
       .value = std::string("caption the audio"),
       .help = "The question for each clip"},
  };
}

AudioCaps::AudioCaps(const earshot::Options& options, const earshot::Context&)
    : audio_(options.path("audio").empty() ? options.path("root") : options.path("audio")),
      pattern_(options.text("pattern")),
      prompt_(options.text("prompt")) {
  const auto& root = options.path("root");
  const std::pair<const char*, Split> parts[] = {
      {"train", Split::train}, {"val", Split::validation}, {"test", Split::test}};
  for (const auto& [part, split] : parts)
    if (const auto file = root / (std::string(part) + ".csv"); fs::exists(file))
      read(file, part, split);
  if (items_.empty())
    throw DataError("root '" + root.string() +
                    "' has no train.csv, val.csv or test.csv with captions; expected the tables "
                    "of AudioCaps");
}

void AudioCaps::read(const fs::path& file, const std::string& part, Split split) {
  sources_.push_back(file);
  const earshot::kit::Table table(file);
  const auto number = table.column("audiocap_id"), video = table.column("youtube_id"),
             start = table.column("start_time"), caption = table.column("caption");
  std::unordered_map<std::string, std::size_t> places;
  for (const auto& row : table.rows()) {
    const auto& fields = row.fields;
    auto text = earshot::kit::trimmed(fields[caption]);
    if (text.empty()) throw DataError(table.place(row) + ": caption is empty; expected a sentence");
    auto id = part + "-" + fields[video] + "-" + fields[start];
    if (split == Split::train) id += "-" + fields[number];
    const auto [place, fresh] = places.try_emplace(id, items_.size());
    if (!fresh && split != Split::train) {
      items_[place->second].captions.push_back(std::move(text));
      continue;
    }
    const auto path = fill(pattern_, {{"split", part},
                                      {"youtube_id", fields[video]},
                                      {"start_time", fields[start]},
                                      {"audiocap_id", fields[number]}});
    items_.push_back({.file = (audio_ / path).string(),
                      .id = std::move(id),
                      .video = fields[video],
                      .captions = {std::move(text)},
                      .split = split});
  }
}

Item AudioCaps::item(std::int64_t index) const {
  const auto& entry = items_[static_cast<std::size_t>(index)];
  return {.id = entry.id,
          .split = entry.split,
          .groups = {{"clip", entry.video}},
          .slices = {{"format", "caption"}, {"gold_from", "audio"}},
          .clips = {{.file = entry.file}},
          .question = earshot::Question{.text = prompt_, .answers = entry.captions}};
}

}  // namespace audiocaps
