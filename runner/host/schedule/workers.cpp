#include "host/schedule/workers.hpp"

#include <poll.h>

namespace earshot::host {

Slot& Workers::idle() {
  for (const auto& slot : slots_)
    if (!slot->busy() && slot->usable()) return *slot;
  return *slots_.emplace_back(std::make_unique<Slot>(options_));
}

std::int64_t Workers::busy() const {
  return std::count_if(slots_.begin(), slots_.end(), [](const auto& slot) { return slot->busy(); });
}

bool Workers::runs_wide() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const auto& slot) { return slot->busy() && slot->wide(); });
}

void Workers::wait(int descriptor) const {
  std::vector<pollfd> descriptors{{descriptor, POLLIN, 0}};
  for (const auto& slot : slots_)
    for (const int own : {slot->fd(), slot->output_fd()})
      if (own >= 0) descriptors.push_back({own, POLLIN, 0});
  ::poll(descriptors.data(), descriptors.size(), 50);
}

}  // namespace earshot::host
