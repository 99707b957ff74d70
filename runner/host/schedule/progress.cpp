#include "host/schedule/progress.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

#include "host/base/failure.hpp"
#include "host/base/plain_text.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

using Clock = std::chrono::steady_clock;

void print(std::FILE* out, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

std::string counts(const ProgressState& state) {
  std::string text = std::to_string(state.done) + "/" + std::to_string(state.total);
  text += "  " + std::to_string(state.running) + " running";
  if (state.failed > 0) text += "  " + std::to_string(state.failed) + " failed";
  text += "  " + clock_text(state.elapsed);
  if (state.remaining >= 0) text += "  about " + clock_text(state.remaining) + " left";
  return text;
}

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

/// "mimi/aqa/s0  120/500  loss 2.31  4.5/s  about 1:24 left"
std::string stage_text(const ProgressState& state) {
  if (state.stage.empty() || state.stage_total <= 0) return state.stage;
  auto text = state.stage + "  " + std::to_string(state.stage_done) + "/" +
              std::to_string(state.stage_total);
  if (!state.curve.empty()) text += "  " + state.curve + " " + number_text(state.curve_value);
  if (state.stage_rate <= 0) return text;
  text += "  " + number_text(state.stage_rate) + "/s";
  const auto left = static_cast<double>(state.stage_total - state.stage_done) / state.stage_rate;
  return left > 0 ? text + "  about " + clock_text(left) + " left" : text;
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", seconds);
  return text;
}

/// One line about a cell that ended, for plain output and for the lines above the live block.
std::string finished_line(const Json& event) {
  const auto state = event.at("state").get<std::string>();
  std::string line = state + "  " + event.at("cell").get<std::string>() + "  " +
                     seconds_text(event.value("seconds", 0.0));
  const auto error = event.value("error", "");
  if (!error.empty()) line += "  " + error;
  if (event.value("retry", false)) line += "  (retrying)";
  return line;
}

bool is_bad(const Json& event) {
  return event.at("event") == "cell_finished" && event.at("state") != "ok";
}

class NoProgress : public Progress {
 public:
  void note(std::string_view) override {}
  void event(const Json&) override {}
  void tick(const ProgressState&) override {}
  void finish() override {}
};

class JsonProgress : public Progress {
 public:
  explicit JsonProgress(std::FILE* out) : out_(out) {}
  void note(std::string_view line) override { event({{"event", "note"}, {"text", line}}); }
  void event(const Json& event) override { print(out_, protocol::json_text(event) + "\n"); }
  void tick(const ProgressState&) override {}
  void finish() override {}

 private:
  std::FILE* out_;
};

/// Lines for a file or a pipe, without escape codes: one for each cell that ends if there are few
/// cells, otherwise one every few seconds; failures always.
class PlainProgress : public Progress {
 public:
  explicit PlainProgress(std::FILE* out) : out_(out) {}

  void note(std::string_view line) override { print(out_, plain_text(line) + "\n"); }

  void event(const Json& event) override {
    const auto& kind = event.at("event");
    if (kind == "plan") many_ = event.value("total", std::int64_t{0}) > 200;
    if (kind == "cell_finished" && (!many_ || is_bad(event))) note(finished_line(event));
    if (kind == "stage" && event.value("state", "") != "ok")
      note(event.value("state", "") + "  " + event.value("name", "") + "  " +
           event.value("error", ""));
  }

  void tick(const ProgressState& state) override {
    const auto period = std::chrono::seconds(many_ ? 5 : 30);
    if (Clock::now() - last_ < period) return;
    last_ = Clock::now();
    const auto stage = stage_text(state);
    note(counts(state) + (stage.empty() ? "" : "  " + stage));
  }

  void finish() override {}

 private:
  std::FILE* out_;
  bool many_ = false;
  Clock::time_point last_ = Clock::now();
};

/// One block at the bottom of the terminal, redrawn in place: a bar with counts, and the running
/// stage. Failures are printed above it.
class LiveProgress : public Progress {
 public:
  explicit LiveProgress(std::FILE* out) : out_(out) {}
  ~LiveProgress() override { erase(); }

  void note(std::string_view line) override {
    erase();
    print(out_, plain_text(line) + "\n");
    draw();
  }

  void event(const Json& event) override {
    if (is_bad(event)) note(finished_line(event));
  }

  void tick(const ProgressState& state) override {
    if (Clock::now() - last_ < std::chrono::milliseconds(100)) return;
    last_ = Clock::now();
    state_ = state;
    active_ = true;
    erase();
    draw();
  }

  void finish() override {
    erase();
    active_ = false;
  }

 private:
  int width() const {
    winsize size{};
    return ioctl(fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  }

  void erase() {
    if (lines_ == 0) return;
    print(out_, "\r\x1b[" + std::to_string(lines_) + "A\x1b[J");
    lines_ = 0;
  }

  void draw() {
    if (!active_) return;
    constexpr std::int64_t cells = 24;
    const auto filled = state_.total > 0 ? cells * state_.done / state_.total : 0;
    const auto bar = "[" + std::string(static_cast<std::size_t>(filled), '#') +
                     std::string(static_cast<std::size_t>(cells - filled), '-') + "]";
    const auto limit = static_cast<std::size_t>(std::max(20, width() - 1));
    std::string text = (" " + bar + " " + counts(state_)).substr(0, limit) + "\n";
    text += plain_text((" " + stage_text(state_)).substr(0, limit)) + "\n";
    lines_ = 2;
    print(out_, text);
  }

  std::FILE* out_;
  ProgressState state_{};
  bool active_ = false;
  int lines_ = 0;
  Clock::time_point last_{};
};

}  // namespace

Progress::~Progress() = default;

std::unique_ptr<Progress> make_progress(std::string_view kind, std::FILE* out) {
  if (kind == "auto") kind = isatty(fileno(out)) ? "live" : "plain";
  if (kind == "live") return std::make_unique<LiveProgress>(out);
  if (kind == "plain") return std::make_unique<PlainProgress>(out);
  if (kind == "json") return std::make_unique<JsonProgress>(out);
  if (kind == "none") return std::make_unique<NoProgress>();
  const std::vector<std::string> kinds{"auto", "live", "plain", "json", "none"};
  throw Failure(ExitCode::usage, "--progress: unknown format '" + std::string(kind) +
                                     "'; allowed are " + protocol::join(kinds, true) +
                                     protocol::did_you_mean(kind, kinds));
}

std::string clock_text(double seconds) {
  if (seconds < 0) return {};
  const auto whole = static_cast<long>(seconds + 0.5);
  char text[32];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  return text;
}

}  // namespace earshot::host
