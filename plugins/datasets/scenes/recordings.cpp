#include "recordings.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <sndfile.h>

#include <earshot/kit/names.hpp>
#include <earshot/kit/random.hpp>
#include <earshot/kit/resample.hpp>

#include "design.hpp"

namespace earshot::scenes {

namespace {

namespace fs = std::filesystem;

/// Files with an audio extension, except hidden ones, which macOS adds.
std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.') &&
        kit::is_audio(entry.path()))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

Recordings::Class deal(std::string name, const std::vector<fs::path>& files, const fs::path& folder,
                       std::uint64_t seed) {
  if (files.size() < 3)
    throw DataError("folder '" + folder.string() + "' has " + std::to_string(files.size()) +
                    " recordings; training, validation and test need one each. Put at least three "
                    "audio files into it");
  Recordings::Class result{.name = std::move(name)};
  const auto count = static_cast<std::int64_t>(files.size());
  const std::int64_t validation = std::max<std::int64_t>(1, count / 6);
  const std::int64_t test = std::max<std::int64_t>(1, (count - validation) * 2 / 5);
  Shuffler shuffler(seed, count);
  for (std::int64_t i = 0; i < count; ++i) {
    const Split split = i < validation          ? Split::validation
                        : i < validation + test ? Split::test
                                                : Split::train;
    result.files[static_cast<std::size_t>(split)].push_back(
        files[static_cast<std::size_t>(shuffler.next())]);
  }
  return result;
}

}  // namespace

std::vector<std::string> Recordings::names() const {
  std::vector<std::string> result;
  for (const Class& one : classes)
    if (!one.name.empty()) result.push_back(one.name);
  return result;
}

std::vector<fs::path> Recordings::files() const {
  std::vector<fs::path> result;
  for (const Class& one : classes)
    for (const auto& files : one.files)
      result.insert(result.end(), files.begin(), files.end());
  std::sort(result.begin(), result.end());
  return result;
}

Recordings find_recordings(const fs::path& folder, std::uint64_t seed) {
  if (!fs::is_directory(folder))
    throw DataError("'" + folder.string() + "' is not a folder; expected a folder of recordings");
  std::map<std::string, std::vector<fs::path>> by_class;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory()) continue;
    auto files = files_in(entry.path());
    if (!files.empty()) by_class[entry.path().filename().string()] = std::move(files);
  }
  Recordings result;
  if (by_class.empty()) {
    result.classes.push_back(deal("", files_in(folder), folder, seed));
    return result;
  }
  for (const auto& [name, files] : by_class)
    result.classes.push_back(deal(name, files, folder / name, kit::derive(seed, name.c_str())));
  return result;
}

Signal read_recording(const fs::path& file) {
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> sound(sf_open(file.c_str(), SFM_READ, &info),
                                                          sf_close);
  if (!sound)
    throw DataError("cannot read '" + file.string() + "': " + sf_strerror(nullptr) +
                    "; expected a file that libsndfile can open");
  constexpr sf_count_t block = 1 << 16;
  std::vector<float> frames(static_cast<std::size_t>(block * info.channels));
  Signal mono;
  while (const sf_count_t count = sf_readf_float(sound.get(), frames.data(), block))
    for (sf_count_t n = 0; n < count; ++n) {
      float sum = 0;
      for (int channel = 0; channel < info.channels; ++channel)
        sum += frames[static_cast<std::size_t>(n * info.channels + channel)];
      mono.push_back(sum / static_cast<float>(info.channels));
    }
  if (mono.empty() || power(mono) == 0)
    throw DataError("'" + file.string() + "' is " + (mono.empty() ? "empty" : "silent") +
                    "; expected audio");
  return kit::resample(mono, info.samplerate, static_cast<std::int64_t>(rate));
}

}  // namespace earshot::scenes
