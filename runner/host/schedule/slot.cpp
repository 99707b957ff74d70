#include "host/schedule/slot.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>

#include "host/base/plain_text.hpp"
#include "host/base/process_tree.hpp"

namespace earshot::host {
namespace {

std::string mebibytes(std::int64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

std::vector<float> floats(std::span<const char> bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  return out;
}

/// @throws std::out_of_range if there are not so many: a message that breaks the protocol
std::span<const char> take_front(std::span<const char>& bytes, std::size_t count) {
  if (count > bytes.size()) throw std::out_of_range("scores are missing");
  const auto front = bytes.first(count);
  bytes = bytes.subspan(count);
  return front;
}

}  // namespace

void Slot::begin(std::size_t index, const Job& job, Json request, std::optional<BegunRun> run,
                 AttemptLog log) {
  job_ = index;
  wide_ = job.wide;
  timeout_ = job.timeout;
  memory_ = job.memory;
  run_ = run;
  log_.emplace(std::move(log));
  record_ = {};
  items_ = Json::array();
  spent_ = Json::array();
  done_ = total_ = 0;
  first_done_ = -1;
  told_points_ = 0;
  point_.reset();
  doing_ = job.name;
  started_ = stage_started_ = Clock::now();
  request["id"] = ++request_;
  // A worker that is gone shows when its end of the channel is read.
  worker_.send({std::move(request)});
}

std::optional<Ending> Slot::advance() {
  try {
    // What it started may hold the channel open beyond its end; what it said before is read first.
    const bool ended = worker_.exit().has_value();
    if (!closed_ && (!worker_.receive() || ended)) {
      closed_ = true;
      closed_at_ = Clock::now();
    }
    while (auto message = worker_.next()) {
      if (!busy()) continue;
      if (auto ending = take(*message)) {
        read_output();
        return ending;
      }
    }
  } catch (const std::exception& error) {  // no frame, no JSON, or a field of another type
    if (!killed_) {
      kill("failed", error_text(std::string("the worker broke the protocol: ") + error.what()));
      killed_->kind = "protocol";
    }
    closed_ = true;
  }
  read_output();
  if (closed_) return died();
  if (busy()) check_limits();
  return std::nullopt;
}

std::optional<Ending> Slot::take(const protocol::Message& message) {
  const auto& header = message.header;
  if (header.value("id", std::int64_t{0}) != request_) return std::nullopt;
  const auto& type = header.at("type").get_ref<const std::string&>();
  if (type == "progress") {
    done_ = header.at("done");
    total_ = header.at("total");
    if (first_done_ < 0 || done_ < first_done_) {
      first_done_ = done_;
      first_progress_ = Clock::now();
    }
  } else if (type == "stage") {
    stage_started_ = Clock::now();
    done_ = total_ = 0;
    first_done_ = -1;
    point_.reset();
  } else if (type == "predictions") {
    auto scores = std::span(message.binary);
    for (const auto& row : header.at("rows")) {
      auto& prediction = record_.predictions.emplace_back(
          PredictionRow{row.at(0), row.at(1), row.at(2), row.at(3)});
      if (row.size() < 6) continue;
      const auto count = row.at(4).get<std::size_t>();
      prediction.scores = floats(take_front(scores, count * sizeof(float)));
      prediction.candidates = row.at(5);
    }
  } else if (type == "metric") {
    record_.metrics.emplace_back(header.get<protocol::MetricRow>(), message.binary);
  } else if (type == "curve") {
    for (const auto& point : header.at("points"))
      take_point({header.at("curve"), point.at(0), point.at(1)});
  } else if (type == "spent") {
    spent_ = header.at("encoders");
  } else if (type == "artifact") {
    record_.artifacts.push_back({header.at("name"), header.at("path"), "", 0});
  } else if (type == "warning") {
    record_.error_kind = "warning";
    record_.error +=
        (record_.error.empty() ? "" : "\n") + short_text(header.at("text").get<std::string>());
  } else if (type == "items") {
    for (const auto& item : header.at("items"))
      items_.push_back(item);
  } else if (type == "done" || type == "failed") {
    return answered(message);
  }
  return std::nullopt;
}

Ending Slot::answered(const protocol::Message& message) {
  const auto& header = message.header;
  Ending ending{.state = "ok", .leftovers = plain_text(header.value("leftovers", ""))};
  for (const auto& warning : header.value("warnings", std::vector<std::string>()))
    ending.warnings.push_back(short_text(warning));
  if (header.at("type") == "done") {
    ending.result = header.at("result");
    return ending;
  }
  ending.kind = plain_text(header.at("kind").get<std::string>());
  ending.state = ending.kind == "unsupported" ? "skipped" : "failed";
  ending.error = error_text(header.at("message"));
  return ending;
}

/// What is recorded and shown; all of a long message goes to the log.
std::string Slot::error_text(const std::string& message) {
  auto text = short_text(message);
  if (text.size() < message.size() && log_) log_->write(message + '\n');
  return text;
}

void Slot::take_point(CurveRow point) {
  const auto is_loss = [](const CurveRow& row) { return row.curve.find("loss") != row.curve.npos; };
  if (!point_ || is_loss(point) || !is_loss(*point_)) point_ = point;
  record_.curves.push_back(std::move(point));
}

std::span<const CurveRow> Slot::fresh_points() {
  const auto fresh = std::span<const CurveRow>(record_.curves).subspan(told_points_);
  told_points_ = record_.curves.size();
  return fresh;
}

double Slot::rate() const {
  const auto seconds = seconds_since(first_progress_);
  return first_done_ < 0 || seconds < 1 ? 0 : static_cast<double>(done_ - first_done_) / seconds;
}

std::optional<Ending> Slot::died() {
  auto exit = worker_.exit();
  if (!exit) {
    // A process that ends closes its descriptors a moment before it can be reaped.
    if (seconds_since(closed_at_) < 2) return std::nullopt;
    kill("failed", "the worker closed its connection and went on");
    killed_->kind = "protocol";
    exit = worker_.wait();
  }
  read_output();
  if (!busy()) return std::nullopt;
  Ending ending;
  if (killed_) {
    ending = *killed_;
  } else {
    ending.state = "failed";
    ending.kind = exit->signal != 0 ? "signal" : "exit";
    ending.error = "the worker " + exit->text();
  }
  ending.exit_code = exit->code;
  ending.signal = exit->signal;
  return ending;
}

void Slot::check_limits() {
  if (killed_) return;
  if (timeout_ > 0 && seconds_since(stage_started_) > timeout_) {
    char text[96];
    std::snprintf(text, sizeof text, "no end within the time limit of %g s of a stage", timeout_);
    kill("timeout", text);
  }
  if (memory_ <= 0 || seconds_since(checked_memory_) < 0.1) return;
  checked_memory_ = Clock::now();
  const auto& hello = worker_.hello();
  const auto root = hello.protocol != 0 ? static_cast<pid_t>(hello.pid) : worker_.pid();
  const auto bytes = memory_of_tree(root, memory_);
  record_.result.peak_bytes = std::max(record_.result.peak_bytes, bytes);
  if (bytes > memory_)
    kill("oom",
         "the worker used " + mebibytes(bytes) + " of memory; the limit is " + mebibytes(memory_));
}

void Slot::read_output() {
  if (!output_open_ || worker_.output_fd() < 0) return;
  const auto text = worker_.read_output();
  if (!text) output_open_ = false;
  if (text && log_) log_->write(*text);
}

void Slot::ask_to_stop() {
  asked_to_stop_ = true;
  worker_.kill(SIGTERM);
}

void Slot::kill(const std::string& state, const std::string& error) {
  if (!killed_) killed_ = Ending{.state = state, .error = error};
  worker_.kill(SIGKILL);
}

void Slot::release() {
  job_.reset();
  run_.reset();
  log_.reset();
  record_ = {};
  items_ = Json::array();
}

}  // namespace earshot::host
