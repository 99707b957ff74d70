#include "worker/audio/clip_audio.hpp"
#include "worker/conformance/check.hpp"
#include "worker/dataset/listing.hpp"

namespace earshot::worker {

namespace {

protocol::DatasetInfo list(const ComponentInstance& made) {
  return list_dataset(made.require<Dataset>(), [](const std::string&) {});
}

void items(const Subject& subject) {
  const auto info = list(subject.make());
  expect(info.items > 0, "it has no items");
}

void stable_items(const Subject& subject) {
  expect(list(subject.make()).items_hash == list(subject.make()).items_hash,
         "a second object lists other items; expected the same ids, splits and labels");
}

void splits(const Subject& subject) {
  const auto info = list(subject.make());
  if (!info.folds.empty()) return;
  if (info.train == 0 || info.test == 0)
    warn(std::to_string(info.train) + " training and " + std::to_string(info.test) +
         " test items and no folds; a probe needs both");
}

void audio(const Subject& subject) {
  const protocol::ComponentRef ref{subject.library().info.path, subject.component().name,
                                   subject.variants().front()};
  subject.make();
  const DatasetView view({.component = ref});
  ClipAudio first(view, 2);
  for (const auto split : {Split::train, Split::validation, Split::test}) {
    const auto size = view.size(split);
    if (size == 0) continue;
    for (const auto index : {std::int64_t{0}, size / 2, size - 1}) {
      const auto number = view.clip_number(view.position(split, index), 0);
      const auto sound = first.read(number, 0);
      expect(!sound.samples.empty(), "item '" + view.item(split, index).id + "' has no samples");
      // The second thread has an object of its own.
      expect(sound.samples == first.read(number, 1).samples,
             "item '" + view.item(split, index).id + "' gives different samples the second time");
    }
  }
}

}  // namespace

std::vector<Check> dataset_checks() {
  constexpr auto face = Dataset::contract;
  return {
      {"items", face, "results are stored and paired by item", items},
      {"stable_items", face, "a resumed run must find the same items", stable_items},
      {"splits", face, "training and test items are distinguished", splits},
      {"audio", face, "every item has audio, which is the same each time", audio},
  };
}

}  // namespace earshot::worker
