#pragma once
#include <mutex>
#include <vector>

#include "worker/audio/decode.hpp"
#include "worker/dataset/view.hpp"

namespace earshot::worker {

/// Gives the audio of a dataset's clips to several threads at once: files are decoded, clips
/// without a file synthesized, each thread having a dataset object of its own.
class ClipAudio {
 public:
  ClipAudio(const DatasetView& view, int threads)
      : view_(view), makers_(static_cast<std::size_t>(threads)) {}

  /// One channel of sound of clip `number` of view.clips(); `thread` below the number given above.
  /// @throws DataError with file and reason where the file cannot be read; ContractError when what
  /// is synthesized is not as AudioBatch says.
  Sound read(std::int64_t number, int thread);

 private:
  Sound synthesize(const ClipSource& clip, int thread);

  const DatasetView& view_;
  std::vector<Made> makers_;
  std::mutex making_;
};

}  // namespace earshot::worker
