#include "host/schedule/attempt.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "host/base/failure.hpp"

namespace earshot::host {

namespace {

/// Creates `<stem>-<number>.log`, or the one with the next free number.
std::filesystem::path create(const std::string& stem, std::int64_t number) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(stem).parent_path(), ignored);
  for (;; ++number) {
    const auto file = stem + "-" + std::to_string(number) + ".log";
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) ::close(fd);
    // Any other error is reported by the stream.
    if (fd >= 0 || errno != EEXIST) return file;
  }
}

}  // namespace

std::filesystem::path log_stem(const Job& job, const Plan& plan, const RunSettings& settings) {
  std::string prefix, key;
  switch (job.kind) {
    case Job::Kind::items:
      prefix = "items-", key = job.dataset;
      break;
    case Job::Kind::pretrain:
      prefix = "pretrain-", key = job.pretrain;
      break;
    case Job::Kind::features:
      prefix = "features-", key = job.features.front();
      break;
    case Job::Kind::cell:
      key = plan.cells[job.cell].key;
      break;
  }
  return settings.beside("logs") / plan.experiment.name / (prefix + key.substr(0, 16));
}

AttemptLog::AttemptLog(const std::filesystem::path& stem, std::int64_t attempt,
                       std::string_view header, std::size_t cap)
    : file_(create(stem.string(), attempt)), half_(cap / 2) {
  stream_.open(file_, std::ios::binary | std::ios::app);
  stream_ << header << '\n' << std::flush;
  if (!stream_)
    throw Failure(ExitCode::store_unusable,
                  file_.string() + ": cannot write the log of an attempt (" + std::strerror(errno) +
                      "). Free some space or choose another --results");
}

AttemptLog::~AttemptLog() {
  close();
}

void AttemptLog::write(std::string_view bytes) {
  const auto head = bytes.substr(0, half_ - head_);
  if (!head.empty()) {
    stream_ << head << std::flush;
    head_ += head.size();
    bytes.remove_prefix(head.size());
  }
  tail_ += bytes;
  // Trimmed only at twice the size, so that many small writes stay linear.
  if (tail_.size() > 2 * half_) {
    dropped_ += tail_.size() - half_;
    tail_.erase(0, tail_.size() - half_);
  }
}

void AttemptLog::close() {
  if (!stream_.is_open()) return;
  if (tail_.size() > half_) {
    dropped_ += tail_.size() - half_;
    tail_.erase(0, tail_.size() - half_);
  }
  if (dropped_ > 0) stream_ << "\n[... " << dropped_ << " bytes left out ...]\n";
  stream_ << tail_;
  stream_.close();
  tail_.clear();
}

}  // namespace earshot::host
