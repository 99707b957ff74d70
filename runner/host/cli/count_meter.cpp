#include "host/cli/count_meter.hpp"

#include <iostream>

#include <unistd.h>

#include "host/base/plain_text.hpp"
#include "host/schedule/progress.hpp"

namespace earshot::host {

CountMeter::CountMeter(std::string doing)
    : doing_(std::move(doing)), live_(::isatty(STDERR_FILENO) == 1) {}

CountMeter::~CountMeter() {
  clear();
}

void CountMeter::clear() {
  if (drawn_) std::cerr << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

void CountMeter::show(std::int64_t done, std::int64_t total, std::string_view things) {
  const auto now = std::chrono::steady_clock::now();
  if (!live_ || (drawn_ && now - last_ < std::chrono::milliseconds(100))) return;
  last_ = now;
  drawn_ = true;
  std::cerr << "\r\x1b[K" << doing_ << ' ' << done << " of " << total << ' ' << things;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  if (done > 0 && seconds > 1)
    std::cerr << ", "
              << clock_text(seconds * static_cast<double>(total - done) / static_cast<double>(done))
              << " left";
  std::cerr << std::flush;
}

void CountMeter::show(const protocol::event::Progress& progress) {
  show(progress.done, progress.total, plain_text(progress.what.value_or("")));
}

void CountMeter::note(const std::string& line) {
  clear();
  std::cerr << plain_text(line) << '\n';
}

}  // namespace earshot::host
