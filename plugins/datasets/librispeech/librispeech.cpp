#include "librispeech.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include <earshot/kit/names.hpp>
#include <earshot/kit/questions.hpp>
#include <earshot/kit/splits.hpp>
#include <earshot/kit/table.hpp>

namespace librispeech {

using earshot::ConfigError;
using earshot::DataError;
using earshot::Split;
using earshot::kit::trimmed;
namespace fs = std::filesystem;

namespace {

constexpr const char* by_chapter = "chapters";

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// The split of a folder such as train-clean-100; nothing for other folders.
std::optional<Split> split_of(const std::string& subset) {
  const auto dash = subset.find('-');
  if (dash == std::string::npos) return std::nullopt;
  return earshot::kit::split_named(subset.substr(0, dash));
}

/// What is in a folder, by name.
std::vector<fs::path> entries_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    found.push_back(entry->path());
  if (error) throw DataError(folder.string() + ": cannot be read: " + error.message());
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  auto found = entries_in(folder);
  std::error_code ignored;
  std::erase_if(found, [&](const auto& entry) { return !fs::is_directory(entry, ignored); });
  return found;
}

/// Gives each line of a text in UTF-8, without its end, and its place: "<file>:<line>".
void each_line(const fs::path& file,
               const std::function<void(const std::string&, const std::string&)>& take) {
  constexpr char none = '\x1f';  // a separator that no text has, so that a line is one field
  earshot::kit::read_csv(file, none, [&](const earshot::kit::TableRow& row) {
    take(row.fields.front(), file.filename().string() + ":" + std::to_string(row.line));
  });
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

earshot::OptionSchema LibriSpeech::options() {
  earshot::OptionSchema schema = {
      {.name = "root",
       .value = earshot::Path{},
       .help = "Folder LibriSpeech of the archives, with train-clean-100, dev-clean, test-clean "
               "and others",
       .required = true},
      {.name = "subsets",
       .value = std::vector<std::string>{},
       .help =
           "Subsets to read, such as train-clean-100 and test-clean; empty: all that are there"},
      {.name = "splits",
       .value = std::string("published"),
       .help = "published: by subset, with no speaker in two splits; chapters: drawn by `seed` "
               "among the chapters of each speaker, to tell known speakers apart",
       .choices = {"published", by_chapter}},
  };
  for (auto& option : earshot::kit::split_options("with splits = \"chapters\""))
    schema.push_back(std::move(option));
  return schema;
}

LibriSpeech::LibriSpeech(const earshot::Options& options, const earshot::Context&)
    : by_chapter_(options.text("splits") == by_chapter) {
  const auto& root = options.path("root");
  if (!fs::is_directory(root))
    throw DataError("root '" + root.string() +
                    "' is not a folder; expected the folder LibriSpeech of the archives");
  std::vector<std::string> there;
  for (const auto& folder : folders_in(root))
    if (split_of(folder.filename().string())) there.push_back(folder.filename().string());
  if (there.empty())
    throw DataError("root '" + root.string() +
                    "' has no folder such as train-clean-100, dev-clean or test-clean; expected "
                    "the folder LibriSpeech of the archives");
  auto subsets = options.texts("subsets");
  for (const auto& subset : subsets)
    if (std::find(there.begin(), there.end(), subset) == there.end())
      throw ConfigError("subsets names '" + subset + "', which is not in '" + root.string() +
                        "'; there are " + listed(there));
  if (subsets.empty()) subsets = there;
  sources_.push_back(root);
  if (const auto speakers = root / "SPEAKERS.TXT"; fs::exists(speakers)) read_speakers(speakers);
  for (const auto& subset : std::set<std::string>(subsets.begin(), subsets.end())) {
    sources_.push_back(root / subset);
    for (const auto& speaker : folders_in(root / subset)) {
      const auto name = speaker.filename().string();
      if (!is_number(name)) continue;
      sources_.push_back(speaker);
      for (const auto& folder : folders_in(speaker))
        if (is_number(folder.filename().string()))
          read_chapter({folder, subset, name, folder.filename().string()}, *split_of(subset));
    }
  }
  if (utterances_.empty())
    throw DataError("root '" + root.string() + "' has no utterances in " + listed(subsets) +
                    "; expected <speaker>/<chapter>/<speaker>-<chapter>.trans.txt there");
  check_unique();
  std::set<std::string> speakers;
  for (const auto& chapter : chapters_)
    speakers.insert(chapter.speaker);
  speakers_.assign(speakers.begin(), speakers.end());
  if (!by_chapter_) return;
  const auto drawn = earshot::kit::draw_splits(*this, options);
  for (std::size_t i = 0; i < drawn.size(); ++i)
    utterances_[i].split = drawn[i];
}

void LibriSpeech::read_speakers(const fs::path& file) {
  sources_.push_back(file);
  // "14   | F | train-clean-360  | 25.03 | Kristin LeMoine"; names may contain bars.
  each_line(file, [&](const std::string& line, const std::string& place) {
    if (line.starts_with(';') || trimmed(line).empty()) return;
    const auto first = line.find('|'), second = line.find('|', first + 1);
    if (first == std::string::npos || second == std::string::npos)
      throw DataError(place +
                      ": has no two columns separated by '|'; expected speaker | sex | ...");
    const auto speaker = trimmed(line.substr(0, first)),
               sex = trimmed(line.substr(first + 1, second - first - 1));
    if (sex != "F" && sex != "M")
      throw DataError(place + ": the sex of speaker '" + speaker + "' is '" + sex +
                      "'; allowed: F, M");
    if (!sexes_.emplace(speaker, sex).second)
      throw DataError(place + ": has speaker '" + speaker + "' again; expected each once");
  });
}

void LibriSpeech::read_chapter(Chapter chapter, Split split) {
  const auto name = chapter.speaker + "-" + chapter.number;
  const auto file = chapter.folder / (name + ".trans.txt");
  sources_.push_back(chapter.folder);
  if (!fs::exists(file)) {
    const auto entries = entries_in(chapter.folder);
    if (std::none_of(entries.begin(), entries.end(), earshot::kit::is_audio)) return;
    throw DataError("'" + chapter.folder.string() + "' has audio but no " +
                    file.filename().string() +
                    "; expected the transcript of the chapter. Unpack the archive again");
  }
  sources_.push_back(file);
  chapters_.push_back(std::move(chapter));
  each_line(file, [&](const std::string& line, const std::string& place) {
    const auto end = line.find(' ');
    auto id = line.substr(0, end);
    auto text = end == std::string::npos ? std::string() : trimmed(line.substr(end));
    if (!id.starts_with(name + "-") || !is_number(id.substr(name.size() + 1)))
      throw DataError(place + ": begins with '" + id +
                      "'; expected an utterance of this chapter, such as " + name +
                      "-0000, a space and what is said");
    if (text.empty())
      throw DataError(place + ": says nothing after '" + id + "'; expected what is said");
    utterances_.push_back({std::move(id), std::move(text), chapters_.size() - 1, split});
  });
}

void LibriSpeech::check_unique() const {
  std::map<std::string, std::size_t> chapters;
  for (const auto& utterance : utterances_) {
    const auto [known, is_new] = chapters.emplace(utterance.id, utterance.chapter);
    if (!is_new)
      throw DataError("utterance '" + utterance.id + "' is in '" +
                      chapters_[known->second].folder.string() + "' and again in '" +
                      chapters_[utterance.chapter].folder.string() +
                      "'; expected each once. Remove one, or name the others in subsets");
  }
}

std::vector<earshot::LabelSpec> LibriSpeech::labels() const {
  std::vector<earshot::LabelSpec> all{{.name = "speaker", .classes = speakers_}};
  if (!sexes_.empty()) all.push_back({.name = "sex", .classes = {"F", "M"}});
  all.push_back({.name = "transcript"});
  return all;
}

earshot::Item LibriSpeech::item(std::int64_t index) const {
  const auto& utterance = utterances_[static_cast<std::size_t>(index)];
  const auto& chapter = chapters_[utterance.chapter];
  earshot::Item item{.id = utterance.id,
                     .split = utterance.split,
                     .groups = {{"chapter", chapter.speaker + "-" + chapter.number}},
                     .slices = {{"subset", chapter.subset}},
                     .clips = {{.file = chapter.folder / (utterance.id + ".flac")}},
                     .labels = {{"speaker", chapter.speaker}, {"transcript", utterance.text}}};
  if (!by_chapter_) item.groups["speaker"] = chapter.speaker;
  if (const auto sex = sexes_.find(chapter.speaker); sex != sexes_.end())
    item.labels["sex"] = sex->second;
  return item;
}

}  // namespace librispeech
