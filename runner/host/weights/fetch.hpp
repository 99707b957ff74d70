#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/weights/hub.hpp"

namespace earshot::host {

/// What a plugin reads of a source (checkpoint_files()), and the model card, as the hub has it.
struct RemoteWeights {
  struct File {
    std::string name{};
    std::int64_t size = 0;  ///< bytes
    std::string etag{};     ///< "" where the hub did not say it
  };
  std::string revision{};     ///< the commit, where the hub names it
  std::vector<File> files{};  ///< in the order in which they are fetched
  std::string licence{};      ///< "" when the model card names none

  std::int64_t bytes() const;
};

/// @throws HubError, and Failure where the repository has no such file or no weights
RemoteWeights ask_hub(Hub& hub, const HubSource& source);

/// Number of bytes of them that the cache lacks; partial files count.
std::int64_t bytes_to_get(const std::filesystem::path& cache, const HubSource& source,
                          const RemoteWeights& weights);

struct FetchProgress {
  std::string file{};
  std::int64_t begun = 0;  ///< bytes that were there before
  std::int64_t done = 0, total = 0;
};

/// Who is told what happens. Either may be empty.
struct FetchWatcher {
  std::function<void(const FetchProgress&)> progress{};  ///< done < total first, = at the end
  std::function<void(const std::string&)> note{};        ///< lines for people
};

/// Brings the files into the cache, where the Python library finds them too: each as
/// blobs/<etag>.incomplete, which a later call continues; checked by size and hash; then as
/// blobs/<etag> with a link in snapshots/<commit>. When all are there, refs/<revision> is written.
/// Another process that wants the same file at once waits for the lock
/// .locks/<repository>/<etag>.lock, as the Python library does.
/// @throws HubError; Failure for a wrong hash (nothing is kept of it), a full or read-only disk
void fetch(Hub& hub, const HubSource& source, const RemoteWeights& weights,
           const FetchWatcher& watcher);

}  // namespace earshot::host
