#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "host/report/item_sounds.hpp"
#include "host/view/http_listener.hpp"

namespace earshot::host {

/// Answers what the page of `runner view` asks to hear or see: only items and samples that the
/// results file names. Items are read one at a time, in a thread of its own, by a worker that is
/// kept while this lives; samples are files.
class SoundDesk {
 public:
  struct Settings {
    std::filesystem::path results{};
    PlanSettings planning{};
    /// How long a request waits for an item. After that it is refused, and the item is read on, so
    /// that it is soon there when it is asked for again: to find a dataset may take minutes.
    std::chrono::milliseconds longest_wait = std::chrono::seconds(60);
    std::size_t most_waiting = 4;  ///< requests, so that others are answered meanwhile
  };

  explicit SoundDesk(Settings settings);
  /// Waits until the item that is being read is done.
  ~SoundDesk();
  SoundDesk(const SoundDesk&) = delete;
  SoundDesk& operator=(const SoundDesk&) = delete;

  /// The bytes, with the number of the item's clips in the header Earshot-Clips; or as a text why
  /// there are none: 404 for what the results do not name, 410 for what is gone or has changed, 503
  /// or 504 for what must be asked for again. May be called from several threads.
  PageAnswer answer(const SoundTarget& asked);

  /// Takes no more items. @returns whether none is being read any more after this time
  bool end_within(std::chrono::milliseconds time);

 private:
  void work();
  PageAnswer item(const ItemTarget& asked);
  PageAnswer sample(const SampleTarget& asked) const;
  PageAnswer read(const ItemTarget& asked);

  const Settings settings_;
  ItemSounds sounds_;  ///< used by the thread alone
  std::mutex mutex_{};
  std::condition_variable wake_{}, done_{};
  std::deque<std::packaged_task<PageAnswer()>> waiting_{};
  bool ended_ = false, finished_ = false;
  std::thread thread_{};
};

}  // namespace earshot::host
