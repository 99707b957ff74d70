#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/schedule/slot.hpp"

namespace earshot::host {

/// The workers of an invocation, each in its slot. They are started when they are needed, and kept
/// for the next job as long as they live.
class Workers {
 public:
  /// @param prefix as WorkerOptions::prefix
  explicit Workers(std::vector<std::string> prefix) { options_.prefix = std::move(prefix); }

  /// A slot that can take a job, of a new worker when all are busy.
  Slot& idle();
  std::int64_t busy() const;
  bool runs_wide() const;  ///< a wide job runs

  /// Calls `act(slot)` for all that are busy.
  template <class Act>
  void for_busy(Act&& act) const {
    for (const auto& slot : slots_)
      if (slot->busy()) act(*slot);
  }

  /// Waits until a worker has said something or this descriptor is readable, for 50 ms at most.
  void wait(int descriptor) const;
  /// Reads from all workers, and calls `finish(slot, ending)` for each job that has ended; `finish`
  /// ends with Slot::release(). Workers that are gone are dropped.
  template <class Finish>
  void advance(Finish&& finish) {
    for (auto& slot : slots_)
      if (auto ending = slot->advance()) finish(*slot, std::move(*ending));
    std::erase_if(slots_, [](const auto& slot) { return !slot->busy() && !slot->usable(); });
  }

 private:
  WorkerOptions options_{};
  std::vector<std::unique_ptr<Slot>> slots_{};
};

}  // namespace earshot::host
