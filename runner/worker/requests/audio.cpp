#include "protocol/path_text.hpp"
#include "worker/audio/clip_audio.hpp"
#include "worker/audio/write_sound.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {
namespace {

protocol::ItemAudio write_clips(const DatasetView& view, ClipAudio& audio, std::int64_t position,
                                const std::filesystem::path& folder) {
  protocol::ItemAudio item;
  try {
    for (std::int64_t clip = 0; clip < 2; ++clip) {  // an item has one or two
      const auto number = view.clip_number(position, clip);
      if (number < 0) break;
      const auto sound = audio.read(number, 0);
      const auto file = folder / (std::to_string(position) + "-" + std::to_string(clip) + ".flac");
      write_flac(file, sound.samples, sound.sample_rate);
      item.files.push_back(protocol::path_text(file));
    }
    if (item.files.empty()) item.lost = "it has no audio";
  } catch (const Error& error) {  // of this item alone
    item = {.lost = error.what()};
  }
  return item;
}

}  // namespace

protocol::AudioResult perform(const protocol::AudioRequest& request, Session& session) {
  const DatasetView view(request.dataset);
  const auto folder = protocol::path_of(request.folder);
  ClipAudio audio(view, 1);
  protocol::AudioResult result;
  for (const auto position : request.items) {
    if (position < 0 || position >= view.dataset().size())
      throw DataError("the dataset has no item " + std::to_string(position));
    result.items.push_back(write_clips(view, audio, position, folder));
    session.progress(std::ssize(result.items), std::ssize(request.items), "items");
  }
  return result;
}

}  // namespace earshot::worker
