#include "worker/audio/clip_audio.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "protocol/stamp.hpp"
#include "worker/plugin/inputs.hpp"
#include "worker/plugin/shared_state.hpp"

namespace earshot::worker {

Sound ClipAudio::read(std::int64_t number, int thread) {
  const auto& clip = view_.clips().at(static_cast<std::size_t>(number));
  const auto& info = clip.clip_info;
  if (info.file.empty()) return synthesize(clip, thread);
  if (const auto* planned = view_.planned(clip)) return read_planned(clip, *planned);
  return decode(info.file, info.start, info.duration);
}

bool ClipAudio::is_known(std::int64_t file, const protocol::Stamp& stamp) {
  const std::lock_guard lock(knowing_);
  const auto found = known_.find(file);
  return found != known_.end() && found->second == stamp;
}

// If the stamps before and after are equal, what was read in between is the planned content.
Sound ClipAudio::read_planned(const ClipSource& clip, const protocol::ListedFile& planned) {
  const auto& info = clip.clip_info;
  const auto stamp = protocol::stamp_of(info.file);
  if (!planned.readable()) {
    decode(info.file, info.start, info.duration);  // usually throws with the reason
    throw FileChanged(info.file,
                      "it could not be read during planning, but can be read now; it was added");
  }
  if (!stamp) throw FileChanged(info.file, "it was removed");
  if (stamp != planned.stamp && !is_known(clip.file, *stamp))
    check_content(info.file, planned.sha256);
  const auto check = [&] {
    if (protocol::stamp_of(info.file) != stamp) throw FileChanged(info.file);
  };
  try {
    auto sound = decode(info.file, info.start, info.duration);
    check();
    if (stamp != planned.stamp && stamp->settled()) {
      const std::lock_guard lock(knowing_);
      known_[clip.file] = *stamp;
    }
    return sound;
  } catch (const DataError&) {
    check();  // reports a file that changed while it was read
    throw;
  }
}

Sound ClipAudio::synthesize(const ClipSource& clip, int thread) {
  if (auto kept = made_.find(clip.identity)) return *std::move(kept);
  auto sound = make(clip, thread);
  made_.keep(clip.identity, sound);
  return sound;
}

Sound ClipAudio::make(const ClipSource& clip, int thread) {
  const at::NoGradGuard no_grad;
  auto& maker = makers_.at(static_cast<std::size_t>(thread));
  {
    const std::lock_guard lock(making_);  // a constructor draws from LibTorch's single generator
    if (!maker.exists()) maker = view_.another();
  }
  const auto where = "clip " + std::to_string(clip.clip) + " of item " + std::to_string(clip.item);
  const auto batch = call_plugin(
      [&] { return maker.name; },
      [&] { return maker.require<Dataset>().synthesize(clip.item, clip.clip); }, Extent::thread);
  try {
    batch.check();
  } catch (const ContractError& error) {
    throw ContractError(where + " as synthesized: " + error.what());
  }
  if (batch.samples.size(0) != 1 || batch.sample_rate < lowest_rate ||
      batch.sample_rate > highest_rate)
    throw ContractError(
        where + " as synthesized is a batch of " + std::to_string(batch.samples.size(0)) + " at " +
        std::to_string(batch.sample_rate) + " Hz; expected a batch of 1 at " +
        std::to_string(lowest_rate) + " to " + std::to_string(highest_rate) + " Hz");
  const auto length = batch.lengths.const_data_ptr<std::int64_t>()[0];
  // + 0 removes negative zeros, as the kept files have none.
  const auto mono = (batch.samples[0].slice(1, 0, length).mean(0) + 0.0).contiguous();
  if (!at::isfinite(mono).all().item<bool>())
    throw ContractError(where + " as synthesized has samples that are not finite");
  const auto* data = mono.const_data_ptr<float>();
  return {{data, data + length}, batch.sample_rate};
}

}  // namespace earshot::worker
