#include "host/report/item_sounds.hpp"

#include <optional>
#include <set>
#include <utility>

#include "base/files.hpp"
#include "host/base/scratch_folder.hpp"
#include "host/experiment/matrix.hpp"
#include "host/plan/datasets.hpp"
#include "host/store/revisions.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// The datasets that an experiment's cells use.
class DatasetsOf {
 public:
  DatasetsOf(const Experiment& experiment, KnownPlugins& plugins, const fs::path& cache)
      : experiment_(experiment),
        components_(experiment, plugins.catalog, plugins.hashes),
        datasets_(plugins.queries, plugins.hashes, cache) {}

  /// The one with this key; nullopt if there is none. @param missing  why one has no data
  std::optional<protocol::DatasetRef> with_key(const std::string& key, std::string& missing) {
    std::set<std::shared_ptr<const Component>> seen;
    for (const auto& cell : expand(experiment_, {}, [&](const auto& dataset) {
           return find(dataset.component).info.folds;
         })) {
      if (!cell.dataset.component || !seen.insert(cell.dataset.component).second) continue;
      const auto& found = find(cell.dataset.component);
      if (!found.missing.empty()) missing = found.missing;
      if (found.key == key) return found.whole();
    }
    return std::nullopt;
  }

 private:
  const FoundDataset& find(const std::shared_ptr<const Component>& component) {
    return datasets_.find(components_.find(component));
  }

  const Experiment& experiment_;
  Components components_;
  Datasets datasets_;
};

ItemSound sound_of(const protocol::ItemAudio& audio) {
  ItemSound sound{.lost = audio.lost};
  for (const auto& file : audio.files) {
    auto bytes = base::read_file(protocol::path_of(file));
    if (!bytes) return {.lost = "what the worker wrote cannot be read"};
    sound.clips.push_back(*std::move(bytes));
  }
  return sound;
}

}  // namespace

ItemSounds::ItemSounds(PlanSettings settings, std::chrono::milliseconds longest)
    : settings_(std::move(settings)), limits_(longest, settings_.limits.memory) {
  limits_.since_news = true;
  settings_.cache = fs::absolute(settings_.cache);
}

ItemSounds::~ItemSounds() = default;

const protocol::DatasetRef& ItemSounds::find(const Store& store, const std::string& dataset_key) {
  if (const auto known = found_.find(dataset_key); known != found_.end()) return known->second;
  std::string why = "no experiment uses its dataset any more";
  for (const auto& name : experiments_on(store, dataset_key)) {
    const auto file = latest_file(store, name);
    if (!file) continue;
    std::string missing;
    try {
      const auto experiment = read_experiment(file->file, {.set = file->overrides});
      if (!plugins_) plugins_ = std::make_unique<KnownPlugins>(settings_);
      const auto found =
          DatasetsOf(experiment, *plugins_, settings_.cache).with_key(dataset_key, missing);
      plugins_->hashes.save();
      if (found) return found_[dataset_key] = *found;
      why = missing.empty() ? "its dataset is not what it was when experiment '" + name +
                                  "' ran: its items, their audio, its options or its plugin have "
                                  "changed. Run " +
                                  file->file + " again"
                            : missing;
    } catch (const Failure& failure) {
      why = failure.what();
    }
  }
  throw Failure(ExitCode::usage, "the audio cannot be read: " + why);
}

std::vector<ItemSound> ItemSounds::read(const Store& store, const std::string& dataset_key,
                                        const std::vector<std::int64_t>& items) {
  const auto& dataset = find(store, dataset_key);
  const ScratchFolder folder(fs::temp_directory_path(), "earshot-audio-");
  if (!worker_) worker_ = std::make_unique<WorkerProcess>(settings_.worker);
  protocol::AudioResult answer;
  try {
    answer = ask<protocol::verb::Audio>(
        *worker_,
        {.dataset = dataset, .items = items, .folder = protocol::path_text(folder.path())},
        limits_);
  } catch (const WorkerError& error) {
    worker_.reset();
    found_.erase(dataset_key);  // if it has changed it is looked for again
    throw Failure(ExitCode::cells_not_ok, std::string("the audio cannot be read: ") + error.what());
  }
  if (!worker_->leftovers().empty()) worker_.reset();
  std::vector<ItemSound> sounds;
  for (const auto& audio : answer.items)
    sounds.push_back(sound_of(audio));
  sounds.resize(items.size(), {.lost = "the worker gave no answer"});
  return sounds;
}

}  // namespace earshot::host
