#include "samples.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include <sndfile.h>

#include "picture.hpp"

namespace representation {

using earshot::AudioBatch;
using earshot::DataError;
using earshot::Split;

namespace {

/// The only clip of a batch, channels averaged.
std::vector<float> mono(const AudioBatch& audio) {
  const auto length = audio.lengths[0].item<std::int64_t>();
  const auto samples =
      audio.samples[0].narrow(1, 0, length).mean(0).to(at::kCPU, at::kFloat).contiguous();
  return {samples.const_data_ptr<float>(), samples.const_data_ptr<float>() + length};
}

void write_wav(const std::filesystem::path& file, const std::vector<float>& samples,
               std::int64_t sample_rate) {
  SF_INFO info{};
  info.samplerate = static_cast<int>(sample_rate);
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> handle(
      ::sf_open(file.c_str(), SFM_WRITE, &info), ::sf_close);
  if (!handle) throw DataError(file.string() + ": " + ::sf_strerror(nullptr));
  ::sf_command(handle.get(), SFC_SET_CLIPPING, nullptr, SF_TRUE);
  const auto size = static_cast<sf_count_t>(samples.size());
  if (::sf_write_float(handle.get(), samples.data(), size) != size)
    throw DataError(file.string() + ": " + ::sf_strerror(handle.get()));
}

}  // namespace

void Samples::write(earshot::Trial& trial, const Crops& crops) const {
  const auto count = std::min(count_, trial.size(Split::validation));
  try {
    for (std::int64_t item = 0; item < count; ++item) {
      const auto before = crops.centre({.audio = trial.audio(Split::validation, item)}).audio;
      auto& codec = trial.codec();
      const auto after = codec.decode(codec.quantize(before));
      const auto name = "sample_" + std::to_string(item);
      const auto original = mono(before), decoded = mono(after);
      write_wav(trial.artifact(name + "_before.wav"), original, before.sample_rate);
      write_wav(trial.artifact(name + "_after.wav"), decoded, after.sample_rate);
      write_png(trial.artifact(name + ".png"), spectrograms(original, decoded, before.sample_rate));
    }
  } catch (const earshot::Unsupported&) {
    return;
  }
}

}  // namespace representation
