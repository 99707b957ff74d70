#include "worker/audio/policy.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/ATen.h>

#include <earshot/kit/random.hpp>
#include <earshot/kit/resample.hpp>

#include "protocol/hash.hpp"
#include "protocol/nearest.hpp"
#include "shared/enum_names.hpp"

namespace earshot::worker {

namespace {

template <class Enum, std::size_t count>
Enum choice(const std::array<const char*, count>& names, const std::string& key,
            const protocol::Json& value) {
  if (value.is_string())
    if (const auto index = shared::index_of(value.get_ref<const std::string&>(), names))
      return static_cast<Enum>(*index);
  throw ConfigError("audio." + key + " is '" + value.dump() +
                    "'; allowed: " + protocol::join({names.begin(), names.end()}, true));
}

double length(const std::string& key, const protocol::Json& value) {
  if (value.is_number() && value.get<double>() >= 0 && value.get<double>() < 1e6)
    return value.get<double>();
  throw ConfigError("audio." + key + " is '" + value.dump() + "'; allowed: 0 s (off) to 1000000 s");
}

std::size_t samples(double seconds, const AudioNeeds& needs) {
  const auto count = std::llround(seconds * static_cast<double>(needs.sample_rate));
  return static_cast<std::size_t>(std::max(1LL, count));
}

std::size_t crop_start(std::size_t surplus, Crop crop, std::string_view identity) {
  if (crop == Crop::first) return 0;
  if (crop == Crop::centre) return surplus / 2;
  kit::Random random(kit::derive(protocol::hash64(identity), "crop"));
  return static_cast<std::size_t>(random.below(static_cast<std::int64_t>(surplus) + 1));
}

}  // namespace

AudioNeeds with_overrides(AudioNeeds needs, const protocol::Json& overrides) {
  for (const auto& [key, value] : overrides.items()) {
    if (key == "crop")
      needs.crop = choice<Crop>(shared::crop_names, key, value);
    else if (key == "pad")
      needs.pad = choice<Pad>(shared::pad_names, key, value);
    else if (key == "max_seconds")
      needs.max_seconds = length(key, value);
    else if (key == "min_seconds")
      needs.min_seconds = length(key, value);
    else
      throw ConfigError("unknown key 'audio." + key + "'; allowed: 'crop', 'pad', 'max_seconds', " +
                        "'min_seconds'");
  }
  return needs;
}

std::vector<float> prepare(const Sound& sound, const AudioNeeds& needs, std::string_view identity) {
  auto wave = kit::resample(sound.samples, sound.sample_rate, needs.sample_rate);
  if (needs.max_seconds > 0 && wave.size() > samples(needs.max_seconds, needs)) {
    const auto kept = samples(needs.max_seconds, needs);
    const auto start = crop_start(wave.size() - kept, needs.crop, identity);
    wave = std::vector<float>(wave.begin() + static_cast<std::ptrdiff_t>(start),
                              wave.begin() + static_cast<std::ptrdiff_t>(start + kept));
  }
  if (needs.min_seconds > 0 && needs.pad != Pad::none) {
    const auto given = wave.size(), wanted = samples(needs.min_seconds, needs);
    if (given < wanted) wave.resize(wanted);
    if (needs.pad == Pad::repeat)
      for (auto n = given; n < wanted; ++n)
        wave[n] = wave[n - given];
  }
  return wave;
}

AudioBatch to_batch(const std::vector<std::vector<float>>& recordings, const AudioNeeds& needs) {
  const auto size = static_cast<std::int64_t>(recordings.size());
  std::size_t longest = 0;
  for (const auto& recording : recordings)
    longest = std::max(longest, recording.size());
  const auto channels = std::max<std::int64_t>(1, needs.channels);
  AudioBatch batch{at::zeros({size, channels, static_cast<std::int64_t>(longest)}, at::kFloat),
                   at::empty({size}, at::kLong), needs.sample_rate};
  auto* out = batch.samples.mutable_data_ptr<float>();
  for (const auto& recording : recordings) {
    for (std::int64_t c = 0; c < channels; ++c, out += longest)
      std::copy(recording.begin(), recording.end(), out);
    batch.lengths.mutable_data_ptr<std::int64_t>()[&recording - recordings.data()] =
        static_cast<std::int64_t>(recording.size());
  }
  return batch;
}

}  // namespace earshot::worker
