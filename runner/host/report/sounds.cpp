#include "host/report/sounds.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/files.hpp"
#include "host/base/plain_text.hpp"
#include "host/report/base64.hpp"
#include "host/report/page.hpp"
#include "host/store/training_samples.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {

SampleBytes sample_bytes(const Store& store, const std::string& sha256) {
  const auto file = sample_file(store, sha256);
  if (!file) throw Failure(ExitCode::usage, "these results have no such sample");
  const auto path = store.resolve(file->path);
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(path, missing);
  const auto where = plain_text(path.string());
  if (missing) throw Failure(ExitCode::usage, "the file of this sample is gone: " + where);
  // The size first: whatever a results file names is read only if it may be the sample.
  auto content = bytes == static_cast<std::uintmax_t>(file->bytes) ? base::read_file(path)
                                                                   : std::optional<std::string>();
  if (!content || protocol::sha256(std::string_view(*content)) != sha256)
    throw Failure(ExitCode::usage, where + " is not what it was when the results were made");
  return {.type = file->type, .bytes = *std::move(content)};
}

namespace {

/// A sample, or an item of a block of answers.
struct Wanted {
  const ReportedSample* sample = nullptr;  ///< null: an item
  std::string dataset{};
  std::int64_t position = 0;

  std::string item_key() const { return dataset + "/" + std::to_string(position); }
};

/// The samples of a page, each once.
std::vector<Wanted> samples_of(const PageData& data) {
  std::vector<Wanted> wanted;
  std::set<std::pair<std::string, std::string>> seen;  // experiments may share a training
  for (const auto& experiment : data.experiments)
    for (const auto& sample : experiment.samples)
      if (seen.insert({sample.before, sample.after}).second) wanted.push_back({.sample = &sample});
  return wanted;
}

/// The items of a page's disagreements, each once: one of each block in turn.
std::vector<Wanted> items_of_page(const PageData& data) {
  std::vector<Wanted> wanted;
  std::set<std::pair<std::string, std::int64_t>> seen;
  std::size_t longest = 0;
  for (const auto& block : data.answers)
    longest = std::max(longest, block.items.size());
  for (std::size_t i = 0; i < longest; ++i)
    for (const auto& block : data.answers)
      if (i < block.items.size() &&
          seen.insert({block.dataset_key, block.items[i].position}).second)
        wanted.push_back({.dataset = block.dataset_key, .position = block.items[i].position});
  return wanted;
}

/// At most so many of both, one of each in turn.
std::vector<Wanted> chosen(const std::vector<Wanted>& samples, const std::vector<Wanted>& items,
                           std::size_t most) {
  std::vector<Wanted> all;
  for (std::size_t i = 0; i < std::max(samples.size(), items.size()); ++i)
    for (const auto* list : {&samples, &items})
      if (i < list->size() && all.size() < most) all.push_back((*list)[i]);
  return all;
}

std::string url_of(const std::string& type, const std::string& bytes) {
  return "data:" + type + ";base64," + base64(bytes);
}

/// Sounds as long as there is room, and why others are left out.
class Embedding {
 public:
  Embedding(ReportedSounds& sounds, std::size_t room) : sounds_(sounds), room_(room) {}

  using Files = std::map<std::string, std::vector<std::string>>;
  void add(Files files) {
    std::size_t bytes = 0;
    for (const auto& [key, urls] : files) {
      bytes += key.size() + marks;
      for (const auto& url : urls)
        bytes += url.size() + marks;
    }
    if (bytes > room_) {
      ++too_large_;
      return;
    }
    room_ -= bytes;
    sounds_.files.merge(files);
  }

  void lose(const std::string& why) {
    ++lost_;
    if (first_lost_.empty()) first_lost_ = short_text(why, most_reason);
  }

  void conclude(std::size_t wanted, std::size_t all) {
    auto& said = sounds_.left_out;
    if (wanted < all)
      said.push_back("Of " + std::to_string(all) + " items and samples, " + std::to_string(wanted) +
                     " were chosen to be heard in this page; 'runner view' plays all, and "
                     "--embed-audio takes a larger number.");
    if (too_large_ > 0)
      said.push_back("To keep this page small, the sounds of " + std::to_string(too_large_) +
                     " of them are left out.");
    if (lost_ > 0)
      said.push_back("The sounds of " + std::to_string(lost_) +
                     " of them cannot be read; the first: " + first_lost_);
  }

 private:
  static constexpr std::size_t most_reason = 600;
  static constexpr std::size_t marks = 8;  ///< quotes, brackets and commas of an element of JSON

  ReportedSounds& sounds_;
  std::size_t room_;
  std::size_t too_large_ = 0, lost_ = 0;
  std::string first_lost_{};
};

Embedding::Files files_of(const ReportedSample& sample, const Store& store) {
  Embedding::Files files;
  for (const auto* sha256 : {&sample.before, &sample.after, &sample.picture}) {
    if (sha256->empty()) continue;
    const auto file = sample_bytes(store, *sha256);
    files[*sha256] = {url_of(file.type, file.bytes)};
  }
  return files;
}

/// The sounds of all wanted items, by their keys: each dataset is asked once.
std::map<std::string, ItemSound> sounds_of(const std::vector<Wanted>& wanted, const Store& store,
                                           ItemSounds& items) {
  std::map<std::string, std::vector<const Wanted*>> by_dataset;
  for (const auto& each : wanted)
    if (each.sample == nullptr) by_dataset[each.dataset].push_back(&each);
  std::map<std::string, ItemSound> sounds;
  for (const auto& [dataset, own] : by_dataset) {
    std::vector<std::int64_t> positions;
    for (const auto* each : own)
      positions.push_back(each->position);
    std::vector<ItemSound> heard;
    try {
      heard = items.read(store, dataset, positions);
    } catch (const std::exception& error) {
      heard.assign(own.size(), {.lost = error.what()});
    }
    for (std::size_t i = 0; i < own.size(); ++i)
      sounds[own[i]->item_key()] = std::move(heard[i]);
  }
  return sounds;
}

}  // namespace

void embed_sounds(PageData& data, const Store& store, ItemSounds& items, std::size_t most_items,
                  std::size_t room) {
  const auto samples = samples_of(data), disputed = items_of_page(data);
  const auto wanted = chosen(samples, disputed, most_items);
  const auto sounds = sounds_of(wanted, store, items);
  auto& embedded = data.sounds.emplace();
  constexpr std::size_t sentences = 4'000;  // bytes that `left_out` may take
  Embedding embedding(embedded, room - std::min(room, sentences));
  for (const auto& each : wanted) {
    try {
      if (each.sample != nullptr) {
        embedding.add(files_of(*each.sample, store));
        continue;
      }
      const auto& sound = sounds.at(each.item_key());
      Embedding::Files files;
      for (const auto& clip : sound.clips)
        files[each.item_key()].push_back(url_of("audio/flac", clip));
      if (sound.lost.empty())
        embedding.add(std::move(files));
      else
        embedding.lose(sound.lost);
    } catch (const Failure& failure) {
      embedding.lose(failure.what());
    }
  }
  embedding.conclude(wanted.size(), samples.size() + disputed.size());
}

}  // namespace earshot::host
