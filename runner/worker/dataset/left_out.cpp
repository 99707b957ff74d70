#include "worker/dataset/left_out.hpp"

#include <algorithm>

#include <earshot/kit/names.hpp>

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;

std::string plain(const fs::path& path) {
  return fs::absolute(path).lexically_normal().string();
}

/// Endings of sound that libsndfile does not open, or that no dataset looks for.
bool is_other_audio(const fs::path& file) {
  static const std::set<std::string> endings = {
      ".m4a", ".m4b", ".mp4", ".aac", ".wma", ".amr",  ".ape",  ".wv",  ".mka", ".webm",
      ".3gp", ".ac3", ".dts", ".tta", ".mpc", ".mpga", ".spx",  ".ra",  ".dsf", ".dff",
      ".shn", ".gsm", ".vox", ".iff", ".svx", ".8svx", ".paf",  ".pvf", ".sf",  ".ircam",
      ".htk", ".sds", ".wve", ".xi",  ".sd2", ".mp1",  ".adts", ".alac"};
  return endings.contains(kit::lower_case(file.extension().string()));
}

}  // namespace

LeftOutFinder::LeftOutFinder(const Dataset& dataset) : dataset_(dataset) {
  for (const auto& source : dataset.sources()) {
    std::error_code ignored;
    if (fs::is_directory(source, ignored)) folders_.insert(plain(source));
  }
}

void LeftOutFinder::use(const fs::path& file) {
  if (!folders_.empty() && !file.empty()) used_.insert(plain(file));
}

void LeftOutFinder::look_at(const fs::directory_entry& entry, std::size_t examples,
                            protocol::LeftOut& found) const {
  const auto path = entry.path().string();
  const auto name = entry.path().filename().string();
  const auto report = [&](const char* reason) {
    ++found.found;
    if (found.examples.size() < examples) found.examples.push_back(path + ": " + reason);
  };
  std::error_code ignored;
  if (name.starts_with("._")) return;
  if (entry.is_directory(ignored)) {
    const auto below = used_.lower_bound(path + "/");
    const bool is_used = below != used_.end() && below->starts_with(path + "/");
    if (entry.is_symlink(ignored) && !is_used && !folders_.contains(path) && name[0] != '.')
      report("a link to a folder, which is not followed");
    return;
  }
  if (used_.contains(path)) return;
  if (is_other_audio(entry.path()))
    report("an unsupported format; convert it to WAV or FLAC");
  else if (kit::is_audio(entry.path()))
    report(name[0] == '.' ? "a hidden file" : "it is not in any item");
}

protocol::LeftOuts LeftOutFinder::find(std::size_t examples) const {
  protocol::LeftOuts found;
  auto rows = dataset_.left_out();
  found.rows.found = rows.count;
  rows.examples.resize(std::min(rows.examples.size(), examples));
  found.rows.examples = std::move(rows.examples);
  for (const auto& folder : folders_) {
    std::vector<fs::directory_entry> entries;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
      entries.push_back(*entry);
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries)
      look_at(entry, examples, found.files);
  }
  return found;
}

}  // namespace earshot::worker
