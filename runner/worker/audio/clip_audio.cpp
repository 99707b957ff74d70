#include "worker/audio/clip_audio.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "worker/plugin/shared_state.hpp"

namespace earshot::worker {

Sound ClipAudio::read(std::int64_t number, int thread) {
  const auto& clip = view_.clips().at(static_cast<std::size_t>(number));
  const auto& info = clip.clip_info;
  return info.file.empty() ? synthesize(clip, thread)
                           : decode(info.file, info.start, info.duration);
}

Sound ClipAudio::synthesize(const ClipSource& clip, int thread) {
  const at::NoGradGuard no_grad;
  auto& maker = makers_.at(static_cast<std::size_t>(thread));
  {
    const std::lock_guard lock(making_);  // a constructor draws from LibTorch's one generator
    if (!maker.exists()) maker = view_.another();
  }
  const auto where = "clip " + std::to_string(clip.clip) + " of item " + std::to_string(clip.item);
  const auto batch = call_plugin(
      [&] { return maker.name; },
      [&] { return maker.need<Dataset>().synthesize(clip.item, clip.clip); }, Extent::thread);
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
  const auto mono = batch.samples[0].slice(1, 0, length).mean(0).contiguous();
  if (!at::isfinite(mono).all().item<bool>())
    throw ContractError(where + " as synthesized has samples that are not finite");
  const auto* data = mono.const_data_ptr<float>();
  return {{data, data + length}, batch.sample_rate};
}

}  // namespace earshot::worker
