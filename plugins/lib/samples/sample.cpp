#include <filesystem>
#include <memory>
#include <vector>

#include <ATen/ATen.h>

#include <lib/samples/picture.hpp>
#include <lib/samples/sample.hpp>
#include <sndfile.h>

#include <earshot/error.hpp>

namespace earshot::kit {
namespace {

/// The only clip of a batch, channels averaged.
std::vector<float> mono(const AudioBatch& audio) {
  const auto length = audio.lengths[0].item<std::int64_t>();
  const auto samples =
      audio.samples[0].narrow(1, 0, length).mean(0).to(at::kCPU, at::kFloat).contiguous();
  return {samples.const_data_ptr<float>(), samples.const_data_ptr<float>() + length};
}

void write_flac(const std::filesystem::path& file, const std::vector<float>& samples,
                std::int64_t sample_rate) {
  SF_INFO info{};
  info.samplerate = static_cast<int>(sample_rate);
  info.channels = 1;
  info.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> handle(
      ::sf_open(file.c_str(), SFM_WRITE, &info), ::sf_close);
  if (!handle) throw DataError(file.string() + ": " + ::sf_strerror(nullptr));
  ::sf_command(handle.get(), SFC_SET_CLIPPING, nullptr, SF_TRUE);
  const auto size = static_cast<sf_count_t>(samples.size());
  if (::sf_write_float(handle.get(), samples.data(), size) != size)
    throw DataError(file.string() + ": " + ::sf_strerror(handle.get()));
}

}  // namespace

void leave_sample(Trial& trial, const std::string& name, const AudioBatch& before,
                  const AudioBatch& after) {
  const auto original = mono(before), made = mono(after);
  write_flac(trial.artifact(name + "_before.flac"), original, before.sample_rate);
  write_flac(trial.artifact(name + "_after.flac"), made, after.sample_rate);
  write_png(trial.artifact(name + ".png"), spectrograms(original, made, before.sample_rate));
}

}  // namespace earshot::kit
