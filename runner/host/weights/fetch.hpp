#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/weights/hub.hpp"

namespace earshot::host {

/// The files of a source that a plugin reads (checkpoint_files()) and the model card, as the hub
/// describes them.
struct RemoteWeights {
  struct File {
    std::string name{};
    std::int64_t size = 0;  ///< bytes
    std::string etag{};     ///< "" if the hub did not report it
  };
  std::string revision{};     ///< the commit, if the hub names it
  std::vector<File> files{};  ///< in download order
  std::string licence{};      ///< "" if the model card names none

  std::int64_t bytes() const;
};

/// @throws HubError; Failure if the repository has no such file or no weights
RemoteWeights ask_hub(Hub& hub, const HubSource& source);

/// Number of bytes of them missing in the cache; partial files count as present.
std::int64_t bytes_to_get(const std::filesystem::path& cache, const HubSource& source,
                          const RemoteWeights& weights);

struct FetchProgress {
  std::string file{};
  std::int64_t begun = 0;  ///< bytes that were already there
  std::int64_t done = 0, total = 0;
};

/// Callbacks for progress. Either may be empty.
struct FetchWatcher {
  std::function<void(const FetchProgress&)> progress{};  ///< done < total first, = total at the end
  std::function<void(const std::string&)> note{};        ///< receives lines for people
};

/// Downloads the files into the cache, where the Python library finds them too: each to
/// blobs/<etag>.incomplete, which a later call continues; once size and hash are verified, it
/// becomes blobs/<etag> with a link in snapshots/<commit>. After the last file, refs/<revision> is
/// written. If another process downloads the same file, this one waits for the lock
/// .locks/<repository>/<etag>.lock, as the Python library does.
/// @throws HubError; Failure for a wrong hash (the file is discarded), a full or read-only disk
void fetch(Hub& hub, const HubSource& source, const RemoteWeights& weights,
           const FetchWatcher& watcher);

}  // namespace earshot::host
