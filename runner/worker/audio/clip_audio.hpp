#pragma once
#include <map>
#include <mutex>
#include <vector>

#include "worker/audio/decode.hpp"
#include "worker/audio/made_audio.hpp"
#include "worker/dataset/view.hpp"

namespace earshot::worker {

/// Provides the audio of a dataset's clips to several threads at once: files are decoded; clips
/// without a file are taken from `made` if they are kept there, otherwise synthesized, with a
/// separate dataset object for each thread.
class ClipAudio {
 public:
  ClipAudio(const DatasetView& view, int threads, MadeAudio made = {})
      : view_(view), made_(std::move(made)), makers_(static_cast<std::size_t>(threads)) {}

  /// Mono audio of clip `number` of view.clips(); `thread` is below the number given above.
  /// @throws DataError with file and reason if the file cannot be read; FileChanged if, before or
  /// after reading, it is not the file that was planned; ContractError if synthesized audio is not
  /// as AudioBatch requires.
  Sound read(std::int64_t number, int thread);

 private:
  Sound synthesize(const ClipSource& clip, int thread);
  Sound make(const ClipSource& clip, int thread);
  Sound read_planned(const ClipSource& clip, const protocol::ListedFile& planned);
  bool is_known(std::int64_t file, const protocol::Stamp& stamp);

  const DatasetView& view_;
  MadeAudio made_;
  std::vector<ComponentInstance> makers_;
  std::mutex making_, knowing_;
  /// For files with the planned content but a different stamp: that stamp.
  std::map<std::int64_t, protocol::Stamp> known_;
};

}  // namespace earshot::worker
