#include "host/cli/meters.hpp"

#include <iostream>

#include <unistd.h>

#include "base/sizes.hpp"
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

namespace {

constexpr std::int64_t large = 8 << 20;  // bytes; smaller files take no time

std::string rate_text(std::int64_t bytes, double seconds) {
  return seconds < 0.01
             ? std::string()
             : base::size_text(static_cast<std::int64_t>(static_cast<double>(bytes) / seconds)) +
                   "/s";
}

}  // namespace

void DownloadMeter::progress(const FetchProgress& now) {
  if (now.file != file_ || now.begun != begun_) begin(now);
  const bool ended = now.done == now.total;
  const auto time = Clock::now();
  const auto period = live_ ? std::chrono::milliseconds(100) : std::chrono::seconds(10);
  if (!ended && time - last_ < period) return;
  last_ = time;
  if (!ended && live_) {
    print("\r\x1b[?7l" + line(now) + "\x1b[K\x1b[?7h");  // clipped at the edge, not wrapped
    drawn_ = true;
  } else if (!ended) {
    note(line(now));
  } else {
    const auto seconds = std::chrono::duration<double>(time - start_).count();
    const auto rate = rate_text(now.total - now.begun, seconds);
    note("  " + now.file + ": " + base::size_text(now.total) + " in " + clock_text(seconds) +
         (rate.empty() ? "" : ", " + rate));
    file_.clear();
  }
}

void DownloadMeter::begin(const FetchProgress& now) {
  file_ = now.file;
  begun_ = now.begun;
  start_ = Clock::now();
  last_ = live_ && now.total >= large ? Clock::time_point() : start_;
  if (!live_ && now.total >= large)
    note("  " + now.file + ": " + base::size_text(now.total) +
         (now.begun > 0 ? ", of which " + base::size_text(now.begun) + " are present" : ""));
}

std::string DownloadMeter::line(const FetchProgress& now) const {
  const auto seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const auto got = now.done - now.begun;
  const auto left =
      got > 0 ? seconds * static_cast<double>(now.total - now.done) / static_cast<double>(got) : -1;
  auto text = "  " + now.file + ": " + base::size_text(now.done) + " of " +
              base::size_text(now.total) + ", " + std::to_string(100 * now.done / now.total) + " %";
  if (got > 0) text += ", " + rate_text(got, seconds) + ", " + clock_text(left) + " left";
  return text;
}

void DownloadMeter::note(const std::string& text) {
  print((drawn_ ? "\r\x1b[K" : "") + text + "\n");
  drawn_ = false;
}

void DownloadMeter::print(const std::string& text) {
  std::fputs(text.c_str(), out_);
  std::fflush(out_);
}

}  // namespace earshot::host
