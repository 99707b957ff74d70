#include "host/schedule/workers.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>

#include <poll.h>

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

/// Takes the bytes of this many scores from the front.
std::span<const char> take_front(std::span<const char>& bytes, std::uint64_t scores) {
  if (scores > bytes.size() / sizeof(float))
    throw protocol::ProtocolError("message 'predictions': scores are missing");
  const auto front = bytes.first(scores * sizeof(float));
  bytes = bytes.subspan(front.size());
  return front;
}

/// The fields that both answers have.
template <class Answer>
Ending ending_with(const Answer& answer) {
  Ending ending{.state = "ok", .leftovers = plain_text(answer.leftovers.value_or(""))};
  if (answer.warnings)
    for (const auto& warning : *answer.warnings)
      ending.warnings.push_back(short_text(warning));
  return ending;
}

}  // namespace

void Slot::begin(std::size_t index, const Job& job, const JobRequest& request,
                 std::optional<BegunRun> run, AttemptLog log) {
  job_ = index;
  kind_ = job.kind;
  wide_ = job.wide;
  timeout_ = job.timeout;
  memory_ = job.memory;
  run_ = run;
  log_.emplace(std::move(log));
  record_ = {};
  items_.clear();
  spent_ = {};
  done_ = total_ = 0;
  first_done_ = -1;
  returned_points_ = 0;
  point_.reset();
  doing_ = job.name;
  started_ = stage_started_ = Clock::now();
  ++request_;
  std::visit(
      [&]<class Request>(const Request& asked) {
        using Verb = protocol::VerbOf<Request>;
        read_result_ = [](const Json& result) -> JobResult {
          return protocol::read_result<Verb>(result);
        };
        // If the worker is gone, reading the channel reports it.
        worker_.send(protocol::to_request<Verb>(request_, asked));
      },
      request);
}

std::optional<Ending> Slot::advance() {
  try {
    // Processes that it started may keep the channel open after its end; its last messages are read
    // first.
    const bool ended = worker_.exit().has_value();
    if (!closed_ && (!worker_.receive() || ended)) {
      closed_ = true;
      closed_at_ = Clock::now();
    }
    while (auto message = worker_.next()) {
      if (!busy()) continue;
      if (auto ending = take(std::move(*message))) {
        read_output();
        return ending;
      }
    }
  } catch (const std::exception& error) {
    // An invalid frame, invalid JSON, or a field of another type.
    if (!killed_) {
      kill("failed", error_text(std::string("the worker broke the protocol: ") + error.what()));
      killed_->kind = "protocol";
    }
    closed_ = true;
  }
  read_output();
  if (closed_) return worker_ended();
  if (busy()) check_limits();
  return std::nullopt;
}

std::optional<Ending> Slot::take(protocol::Message message) {
  using Said = protocol::Joined<protocol::Answers, protocol::EventsOf<JobVerbs>>;
  if (message.header.value("id", std::int64_t{0}) != request_) return std::nullopt;
  const protocol::Overloaded answer{
      [&](const protocol::Done& done) { return std::optional(answered(done)); },
      [&](const protocol::Failed& failed) { return std::optional(answered(failed)); },
      [&](const auto& event) {
        on_event(event);
        return std::optional<Ending>();
      }};
  return std::visit(answer, protocol::read_one_of(Said(), std::move(message)));
}

void Slot::on_event(const protocol::event::Progress& progress) {
  done_ = progress.done;
  total_ = progress.total;
  if (first_done_ >= 0 && done_ >= first_done_) return;
  first_done_ = done_;
  first_progress_ = Clock::now();
}

void Slot::on_event(const protocol::event::Stage&) {
  stage_started_ = Clock::now();
  done_ = total_ = 0;
  first_done_ = -1;
  point_.reset();
}

void Slot::on_event(const protocol::event::Curve& curve) {
  for (const auto& [step, value] : curve.points)
    take_point({curve.curve, step, value});
}

void Slot::on_event(const protocol::event::Artifact& artifact) {
  record_.artifacts.push_back({artifact.name, artifact.path, "", 0});
}

void Slot::on_event(const protocol::event::Warning& warning) {
  record_.warnings.push_back(short_text(warning.text));
}

void Slot::on_event(const protocol::event::Predictions& predictions) {
  auto scores = std::span(predictions.binary);
  for (const auto& row : predictions.rows)
    record_.predictions.push_back({.item = row.item,
                                   .value = row.value,
                                   .output = row.output,
                                   .marks = row.marks,
                                   .scores = floats(take_front(scores, row.scores)),
                                   .candidates = row.candidates});
}

void Slot::on_event(const protocol::event::Metric& metric) {
  record_.metrics.emplace_back(metric.row, metric.binary);
}

void Slot::on_event(const protocol::event::Items& some) {
  items_.insert(items_.end(), some.items.begin(), some.items.end());
}

void Slot::on_event(const protocol::event::Spent& spent) {
  spent_ = spent;
}

Ending Slot::answered(const protocol::Done& done) {
  auto ending = ending_with(done);
  ending.result = read_result_(done.result);
  return ending;
}

Ending Slot::answered(const protocol::Failed& failed) {
  auto ending = ending_with(failed);
  ending.kind = plain_text(failed.kind);
  ending.state = ending.kind == "unsupported" ? "skipped" : "failed";
  ending.error = error_text(failed.message);
  return ending;
}

/// The message as it is recorded and shown; the log gets a long one in full.
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
  const auto fresh = std::span<const CurveRow>(record_.curves).subspan(returned_points_);
  returned_points_ = record_.curves.size();
  return fresh;
}

double Slot::rate() const {
  const auto seconds = seconds_since(first_progress_);
  return first_done_ < 0 || seconds < 1 ? 0 : static_cast<double>(done_ - first_done_) / seconds;
}

std::optional<Ending> Slot::worker_ended() {
  auto exit = worker_.exit();
  if (!exit) {
    // A process that ends closes its descriptors shortly before it can be reaped.
    if (seconds_since(closed_at_) < 2) return std::nullopt;
    kill("failed", "the worker closed its connection but is still running");
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
    std::snprintf(text, sizeof text, "not finished within the time limit of %g s per stage",
                  timeout_);
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
  items_ = {};
}

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
