#include "clotho.hpp"

#include <unordered_map>

#include <earshot/kit/questions.hpp>
#include <earshot/kit/table.hpp>

namespace clotho {

using earshot::DataError;
using earshot::Item;
using earshot::Split;
namespace fs = std::filesystem;

namespace {

/// The metadata are published in Latin-1; some copies are saved in UTF-8, which is tried first.
earshot::kit::Table metadata(const fs::path& file) {
  try {
    return earshot::kit::Table(file);
  } catch (const earshot::DataError&) {
    return earshot::kit::Table(file, ',', earshot::kit::Encoding::latin_1);
  }
}

/// The Freesound sound from which each clip was cut; "Not found" is not an id.
std::unordered_map<std::string, std::string> sounds_of(const fs::path& file) {
  std::unordered_map<std::string, std::string> sounds;
  const auto table = metadata(file);
  const auto name = table.column("file_name"), sound = table.column("sound_id");
  for (const auto& row : table.rows()) {
    const auto& id = row.fields[sound];
    if (id.find_first_not_of("0123456789") != std::string::npos || id.empty()) continue;
    sounds[row.fields[name]] = id;
  }
  return sounds;
}

}  // namespace

earshot::OptionSchema Clotho::options() {
  return {
      {.name = "root",
       .value = earshot::Path{},
       .help = "Folder with clotho_captions_development.csv and the other tables",
       .required = true},
      {.name = "audio",
       .value = earshot::Path{},
       .help = "Folder with development/, validation/ and evaluation/; empty: root"},
      {.name = "prompt",
       .value = std::string("caption the audio"),
       .help = "The question for each clip"},
  };
}

Clotho::Clotho(const earshot::Options& options, const earshot::Context&)
    : prompt_(options.text("prompt")) {
  const auto& root = options.path("root");
  const auto audio = options.path("audio").empty() ? root : options.path("audio");
  read(root, audio, "development", Split::train);
  read(root, audio, "validation", Split::validation);
  read(root, audio, "evaluation", Split::test);
  if (items_.empty())
    throw DataError("root '" + root.string() +
                    "' has no clotho_captions_development.csv, validation or evaluation; expected "
                    "Clotho as published");
}

void Clotho::read(const fs::path& root, const fs::path& audio, const std::string& part,
                  Split split) {
  const auto file = root / ("clotho_captions_" + part + ".csv");
  if (!fs::exists(file)) return;
  sources_.push_back(file);
  std::unordered_map<std::string, std::string> sounds;
  if (const auto metadata = root / ("clotho_metadata_" + part + ".csv"); fs::exists(metadata)) {
    sources_.push_back(metadata);
    sounds = sounds_of(metadata);
  }
  const auto table = metadata(file);
  const auto name = table.column("file_name");
  for (const auto& row : table.rows()) {
    Entry entry{.file = audio / part / row.fields[name], .split = split};
    if (const auto found = sounds.find(row.fields[name]); found != sounds.end())
      entry.source = found->second;
    for (int number = 1; number <= 5; ++number) {
      auto caption =
          earshot::kit::trimmed(row.fields[table.column("caption_" + std::to_string(number))]);
      if (!caption.empty()) entry.captions.push_back(std::move(caption));
    }
    if (entry.captions.empty())
      throw DataError(table.place(row) + ": has no caption; expected five");
    if (split != Split::train) {
      items_.push_back(std::move(entry));
      continue;
    }
    for (entry.caption = 1; entry.caption <= static_cast<int>(entry.captions.size());
         ++entry.caption)
      items_.push_back(entry);
  }
}

Item Clotho::item(std::int64_t index) const {
  const auto& entry = items_[static_cast<std::size_t>(index)];
  const auto name = entry.file.parent_path().filename() / entry.file.filename();
  Item item{.id = name.string(),
            .split = entry.split,
            .groups = {{"clip", entry.file.stem().string()}},
            .slices = {{"format", "caption"}, {"gold_from", "audio"}},
            .clips = {{.file = entry.file}},
            .question = earshot::Question{.text = prompt_, .answers = entry.captions}};
  if (!entry.source.empty()) item.groups["source"] = entry.source;
  if (entry.caption > 0) {
    item.id.append("#").append(std::to_string(entry.caption));
    item.question->answers = {entry.captions[static_cast<std::size_t>(entry.caption - 1)]};
  }
  return item;
}

}  // namespace clotho
