#include "host/weights/fetch.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/sizes.hpp"
#include "host/weights/checkpoint_files.hpp"
#include "host/weights/lookup.hpp"
#include "host/weights/storage.hpp"
#include "protocol/hash.hpp"

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

/// Whether a partial answer starts where it should and has the right total: "bytes 50-99/100".
bool continues(const HttpAnswer& answer, std::int64_t begin, std::int64_t size) {
  const auto& range = answer.header("content-range");
  return range.starts_with("bytes " + std::to_string(begin) + "-") &&
         (range.ends_with("/" + std::to_string(size)) || range.ends_with("/*"));
}

/// A file being downloaded into the cache; the lock is held.
class Download {
 public:
  Download(Hub& hub, const HubSource& source, const std::string& name, const HubFile& file,
           const fs::path& part, const FetchWatcher& watcher)
      : hub_(hub),
        source_(source),
        name_(name),
        file_(file),
        path_(part),
        part_(part),
        watcher_(watcher) {
    if (part_.size() > file.size) part_.truncate();
    need_space(part.parent_path(), file.size - part_.size());
    begun_ = part_.size();
    furthest_ = begun_;
  }

  /// Downloads until the file is complete and its hash is right. @throws HubError, Failure
  void run() {
    tell();
    for (bool again = false;; again = true) {
      bool resumed = part_.size() > 0;
      for (int attempt = 1; part_.size() < file_.size; ++attempt)
        try_once(attempt, resumed);
      part_.sync();
      const auto hash =
          file_.etag.size() == 64 ? protocol::sha256_file(path_) : protocol::git_hash_file(path_);
      if (hash == file_.etag) return;
      // Data left from before, or put together from several answers, may be at fault: download once
      // from scratch.
      if (again || !resumed) refuse_hash(hash);
      if (watcher_.note)
        watcher_.note(where() + ": the resumed download has a wrong hash; starting again");
      part_.truncate();
      begun_ = 0;
    }
  }

 private:
  std::string where() const { return source_.text() + ": '" + name_ + "'"; }
  void tell() const {
    if (watcher_.progress) watcher_.progress({name_, begun_, part_.size(), file_.size});
  }

  void try_once(int& attempt, bool& resumed) {
    const auto begin = part_.size();
    bool first = true;
    try {
      hub_.download(source_, file_.commit, name_, begin,
                    [&](const HttpAnswer& answer, std::string_view piece) {
                      if (first) resumed = start(answer, begin) || resumed;
                      first = false;
                      take(piece);
                    });
      if (part_.size() < file_.size) refuse_size(base::size_text(part_.size()) + " came");
    } catch (const HubError& error) {
      if (error.status == 416) part_.truncate();
      const bool goes_on = part_.size() > furthest_;
      furthest_ = std::max(furthest_, part_.size());
      if (goes_on) attempt = 0;
      hub_.wait_after(error.status == 416 ? HubError(error.what(), 416, true) : error, attempt);
    }
  }

  /// @returns whether the answer continues what is there
  bool start(const HttpAnswer& answer, std::int64_t begin) {
    if (answer.status == 206 && begin > 0 && continues(answer, begin, file_.size)) return true;
    const auto& length = answer.header("content-length");
    if (answer.status == 200 && !length.empty() && length != std::to_string(file_.size))
      refuse_size("the content has " + length + " bytes");  // perhaps some network's login page
    part_.truncate();
    begun_ = 0;
    if (answer.status == 206)
      refuse_size("the range '" + answer.header("content-range") + "' is not the one requested");
    return false;
  }

  void take(std::string_view piece) {
    if (part_.size() + static_cast<std::int64_t>(piece.size()) > file_.size) {
      part_.truncate();
      refuse_size("more bytes were received");
    }
    part_.append(piece);
    tell();
  }

  [[noreturn]] void refuse_size(const std::string& what) const {
    throw HubError(where() + ": " + what + ", but the hub says that the file has " +
                       std::to_string(file_.size) + " bytes. Try again later",
                   200, true);
  }
  [[noreturn]] void refuse_hash(const std::string& hash) const {
    std::error_code ignored;
    fs::remove(path_, ignored);
    throw Failure(ExitCode::cells_not_ok,
                  where() + ": the downloaded file has the hash " + hash + "; expected " +
                      file_.etag +
                      ". It was deleted. Try again; if this happens again, do not trust " +
                      hub_.settings().endpoint);
  }

  Hub& hub_;
  const HubSource& source_;
  const std::string& name_;
  const HubFile& file_;
  const fs::path path_;
  Appender part_;
  const FetchWatcher& watcher_;
  std::int64_t begun_ = 0, furthest_ = 0;
};

bool is_complete(const fs::path& blob, std::int64_t size) {
  std::error_code error;
  return fs::is_regular_file(blob, error) &&
         fs::file_size(blob, error) == static_cast<std::uintmax_t>(size);
}

/// @returns the commit to which the file belongs
std::string fetch_file(Hub& hub, const HubSource& source, const std::string& revision,
                       const std::string& name, const FetchWatcher& watcher) {
  const auto file = hub.file(source, revision, name);
  const auto& cache = hub.settings().cache;
  const auto repository = repository_folder(cache, source);
  const auto blob = repository / "blobs" / file.etag;
  const auto link = repository / "snapshots" / file.commit / name;
  if (!is_complete(blob, file.size)) {
    const auto locks = cache / ".locks" / repository.filename();
    make_folder(blob.parent_path());
    make_folder(locks);
    const FileLock lock(locks / (file.etag + ".lock"), [&] {
      if (watcher.note)
        watcher.note(source.text() + ": '" + name +
                     "' is being downloaded by another process; waiting for it");
    });
    if (!is_complete(blob, file.size)) {
      const auto part = blob.string() + ".incomplete";
      Download(hub, source, name, file, part, watcher).run();
      rename_file(part, blob);
    }
  }
  std::error_code ignored;
  if (!fs::equivalent(link, blob, ignored)) link_to(blob, link);
  return file.commit;
}

}  // namespace

std::int64_t RemoteWeights::bytes() const {
  std::int64_t sum = 0;
  for (const auto& file : files)
    sum += file.size;
  return sum;
}

RemoteWeights ask_hub(Hub& hub, const HubSource& source) {
  RemoteWeights weights;
  weights.revision = source.revision;
  HubRepository repository;
  try {
    repository = hub.repository(source);
  } catch (const HubError& error) {
    if (error.status != 404 || source.path.empty()) throw;
    repository.files[source.path] = {};  // a mirror without this endpoint: the file will tell
  }
  if (!repository.commit.empty()) weights.revision = repository.commit;
  weights.licence = repository.licence;
  std::vector<std::string> names;
  try {
    names = checkpoint_files(repository.names(), source.path, [&](const std::string& name) {
      return hub.text(source, weights.revision, name);
    });
  } catch (const HubError&) {
    throw;
  } catch (const Failure& failure) {
    throw Failure(failure.code(), source.text() + ": " + failure.what());
  }
  const std::string card = "README.md";
  if (repository.files.contains(card)) names.insert(names.begin(), card);
  for (const auto& name : names) {
    auto [size, etag] = repository.files.at(name);
    if (size < 0) {
      const auto file = hub.file(source, weights.revision, name);
      size = file.size;
      etag = file.etag;
    }
    weights.files.push_back({name, size, etag});
  }
  return weights;
}

std::int64_t bytes_to_get(const fs::path& cache, const HubSource& source,
                          const RemoteWeights& weights) {
  const auto repository = repository_folder(cache, source);
  std::int64_t bytes = 0;
  for (const auto& file : weights.files) {
    const auto blob = repository / "blobs" / file.etag;
    const auto link = repository / "snapshots" / weights.revision / file.name;
    if (is_complete(blob, file.size) || is_complete(link, file.size)) continue;
    std::error_code error;
    const auto there = fs::file_size(blob.string() + ".incomplete", error);
    bytes += file.size - (error ? 0 : std::min(file.size, static_cast<std::int64_t>(there)));
  }
  return bytes;
}

void fetch(Hub& hub, const HubSource& source, const RemoteWeights& weights,
           const FetchWatcher& watcher) {
  auto commit = weights.revision;
  for (const auto& file : weights.files)
    commit = fetch_file(hub, source, commit, file.name, watcher);
  if (commit != source.revision)
    write_small(repository_folder(hub.settings().cache, source) / "refs" / source.revision, commit);
}

}  // namespace earshot::host
