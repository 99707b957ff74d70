#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <c10/util/StringUtil.h>

#include <earshot/error.hpp>
#include <earshot/kit/log_mel.hpp>
#include <earshot/kit/parallel.hpp>

namespace earshot::kit {

OptionSchema log_mel_schema(const LogMelOptions& defaults) {
  const auto& frames = defaults.spectrogram;
  const auto logarithm = defaults.logarithm == Logarithm::decibel   ? "db"
                         : defaults.logarithm == Logarithm::natural ? "natural"
                                                                    : "none";
  const auto scale = defaults.scale == MelScale::slaney ? "slaney" : "htk";
  return {
      {.name = "sample_rate",
       .value = defaults.sample_rate,
       .help = "Sample rate to which audio is converted",
       .unit = "Hz",
       .min = 1000,
       .max = 384000},
      {.name = "n_fft",
       .value = frames.n_fft,
       .help = "Length of the Fourier transform",
       .unit = "samples",
       .min = 16,
       .max = 65536},
      {.name = "window",
       .value = std::int64_t{0},
       .help = "Length of the periodic Hann window, centred in n_fft; 0: n_fft",
       .unit = "samples",
       .min = 0,
       .max = 65536},
      {.name = "hop",
       .value = frames.hop,
       .help = "Step between frames",
       .unit = "samples",
       .min = 1},
      {.name = "mels",
       .value = defaults.mels,
       .help = "Number of mel bands",
       .min = 1,
       .max = 4096},
      {.name = "fmin",
       .value = defaults.fmin,
       .help = "Lower edge of the lowest band",
       .unit = "Hz",
       .min = 0},
      {.name = "fmax",
       .value = defaults.fmax,
       .help = "Upper edge of the highest band; 0: half the sample rate",
       .unit = "Hz",
       .min = 0},
      {.name = "scale",
       .value = std::string(scale),
       .help = "Mel scale",
       .choices = {"slaney", "htk"}},
      {.name = "norm",
       .value = std::string(defaults.area ? "area" : "none"),
       .help = "Size of the triangles: equal area, or equal height",
       .choices = {"area", "none"}},
      {.name = "centre",
       .value = frames.centre,
       .help = "true: frame t is centred at t * hop; false: it begins there"},
      {.name = "pad",
       .value = std::string(frames.reflect ? "reflect" : "zero"),
       .help = "How a clip is extended beyond its ends for centred frames",
       .choices = {"reflect", "zero"}},
      {.name = "power",
       .value = frames.power,
       .help = "1: magnitude, 2: power",
       .min = 1,
       .max = 2},
      {.name = "log",
       .value = std::string(logarithm),
       .help = "Decibels, natural logarithm or none",
       .choices = {"db", "natural", "none"}},
      {.name = "floor",
       .value = defaults.floor,
       .help = "Mel values below this are raised to it before the logarithm",
       .min = 1e-30},
      {.name = "top_db",
       .value = defaults.top_db,
       .help = "With decibels: values further below the clip's maximum are raised to this "
               "distance; 0: off",
       .unit = "dB",
       .min = 0},
  };
}

LogMelOptions log_mel_options(const Options& options) {
  LogMelOptions result;
  result.sample_rate = options.integer("sample_rate");
  auto& frames = result.spectrogram;
  frames.n_fft = options.integer("n_fft");
  frames.window = options.integer("window") == 0 ? frames.n_fft : options.integer("window");
  frames.hop = options.integer("hop");
  frames.centre = options.flag("centre");
  frames.reflect = options.text("pad") == "reflect";
  frames.power = options.integer("power");
  result.mels = options.integer("mels");
  result.fmin = options.number("fmin");
  result.fmax = options.number("fmax");
  result.scale = options.text("scale") == "htk" ? MelScale::htk : MelScale::slaney;
  result.area = options.text("norm") == "area";
  const auto& log = options.text("log");
  result.logarithm = log == "db"        ? Logarithm::decibel
                     : log == "natural" ? Logarithm::natural
                                        : Logarithm::none;
  result.floor = options.number("floor");
  result.top_db = options.number("top_db");
  return result;
}

LogMel::LogMel(const LogMelOptions& options)
    : LogMel(options, MelFilters({.sample_rate = options.sample_rate,
                                  .n_fft = options.spectrogram.n_fft,
                                  .bands = options.mels,
                                  .low = options.fmin,
                                  .high = options.fmax,
                                  .scale = options.scale,
                                  .area = options.area,
                                  .single = options.single})) {}

LogMel::LogMel(const LogMelOptions& options, MelFilters filters)
    : options_(options), spectrogram_(options.spectrogram), filters_(std::move(filters)) {
  if (filters_.bands() != options.mels || filters_.bins() != spectrogram_.bins())
    throw ConfigError(c10::str("mel filters are ", filters_.bands(), " bands of ", filters_.bins(),
                               " bins; expected ", options.mels, " of ", spectrogram_.bins()));
}

FeatureSpec LogMel::spec() const {
  const auto rate = static_cast<double>(options_.sample_rate);
  return {.frame_rate = rate / static_cast<double>(options_.spectrogram.hop),
          .first_frame = spectrogram_.first_centre() / rate,
          .dim = options_.mels};
}

void LogMel::compute(std::span<const float> samples, float* out) const {
  const auto size = options_.mels;
  spectrogram_.compute(samples, [&](std::int64_t first, std::int64_t count, const float* values) {
    auto* rows = out + first * size;
    filters_.apply(values, count, rows);
    if (options_.logarithm == Logarithm::none) return;
    auto mels = at::from_blob(rows, {count * size}, at::kFloat);
    mels.clamp_min_(options_.floor);
    if (options_.logarithm == Logarithm::natural)
      mels.log_();
    else
      mels.log10_().mul_(20 / static_cast<double>(options_.spectrogram.power));
  });
  if (options_.logarithm != Logarithm::decibel || options_.top_db == 0) return;
  auto mels = at::from_blob(out, {frames(std::ssize(samples)) * size}, at::kFloat);
  mels.clamp_min_(mels.max().item<double>() - options_.top_db);
}

FeatureBatch encode_clips(const AudioBatch& audio, const FeatureSpec& spec, c10::Device device,
                          const std::function<std::int64_t(std::int64_t samples)>& frames,
                          const std::function<void(std::span<const float>, float* rows)>& encode) {
  audio.check();
  if (audio.samples.size(1) != 1)
    throw ContractError("samples has " + std::to_string(audio.samples.size(1)) +
                        " channels; expected 1");
  const auto clips = audio.samples.size(0), longest = audio.samples.size(2);
  const auto samples = audio.samples.cpu();
  const auto audio_lengths = audio.lengths.contiguous();
  const auto lengths = at::empty({clips}, at::kLong);
  auto* length = lengths.mutable_data_ptr<std::int64_t>();
  for (std::int64_t b = 0; b < clips; ++b)
    length[b] = frames(audio_lengths.const_data_ptr<std::int64_t>()[b]);
  const auto most = *std::max_element(length, length + clips);
  const auto values = at::empty({clips, most, spec.dim}, at::kFloat);
  each_on_one_thread(clips, [&](std::int64_t b) {
    const auto valid = audio_lengths.const_data_ptr<std::int64_t>()[b];
    auto* rows = values.mutable_data_ptr<float>() + b * most * spec.dim;
    encode({samples.const_data_ptr<float>() + b * longest, static_cast<std::size_t>(valid)}, rows);
    std::fill(rows + length[b] * spec.dim, rows + most * spec.dim, 0.0F);
  });
  return {.values = values.to(device), .lengths = lengths, .spec = spec};
}

FeatureSpec LogMelBased::spec() const {
  auto spec = log_mel_.spec();
  spec.dim = dim_;
  return spec;
}

FeatureBatch LogMelBased::encode(const AudioBatch& audio) {
  return encode_clips(
      audio, spec(), device_, [&](std::int64_t samples) { return log_mel_.frames(samples); },
      [&](std::span<const float> samples, float* rows) { encode_clip(samples, rows); });
}

at::Tensor LogMelBased::mel_frames(std::span<const float> samples) const {
  auto mels =
      at::empty({log_mel_.frames(std::ssize(samples)), log_mel_.options().mels}, at::kFloat);
  log_mel_.compute(samples, mels.mutable_data_ptr<float>());
  return mels;
}

}  // namespace earshot::kit
