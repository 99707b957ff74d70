#include "scene.hpp"

#include <algorithm>
#include <cmath>

#include "convolution.hpp"
#include "filter.hpp"
#include "gain.hpp"
#include "impulse_response.hpp"
#include "noise.hpp"
#include "recordings.hpp"

namespace earshot::scenes {

namespace {

/// A recording from a random position on, repeated; mean square 1.
Signal play(const Signal& recording, std::uint64_t performance, std::size_t length) {
  kit::Random random(performance);
  const auto size = static_cast<std::int64_t>(recording.size());
  // Short recordings start at their beginning, so that attacks are not cut.
  const std::int64_t spare = std::max<std::int64_t>(0, size - static_cast<std::int64_t>(length));
  const auto start = static_cast<std::size_t>(random.below(spare + 1));
  Signal result(length);
  for (std::size_t n = 0; n < length; ++n)
    result[n] = recording[(start + n) % recording.size()];
  const double level = std::sqrt(power(result));
  if (level > 0)
    for (float& x : result)
      x = static_cast<float>(x / level);
  return result;
}

/// Background and the recorder's own noise, mean square 1.
Signal all_noise(const Scene& scene, std::size_t length) {
  Signal noise = background(scene.noise_type, length, scene.noise);
  const Signal own = self_noise(length, kit::Random(kit::derive(scene.noise, "recorder")));
  const double share = scene.recorder.hum_share;
  const double outer = std::sqrt((1 - share) / power(noise)), inner = std::sqrt(share / power(own));
  for (std::size_t n = 0; n < length; ++n)
    noise[n] = static_cast<float>(outer * noise[n] + inner * own[n]);
  low_pass(7200, noise);
  const double level = std::sqrt(power(noise));
  for (float& x : noise)
    x = static_cast<float>(x / level);
  return noise;
}

}  // namespace

Range snr_range(int level) {
  constexpr Range ranges[] = {{44, 52}, {36, 44}, {28, 36}};
  return ranges[level];
}

Signal response_of(const Scene& scene) {
  if (scene.response.empty()) {
    auto positions = draw_positions(scene.room, scene.distance, kit::Random(scene.positions));
    if (scene.approach != 1)
      for (std::size_t axis = 0; axis < positions.source.size(); ++axis)
        positions.source[axis] =
            std::lerp(positions.receiver[axis], positions.source[axis], scene.approach);
    return impulse_response(scene.room, positions, scene.tail);
  }
  Signal response = read_recording(scene.response);
  const auto louder = [](float a, float b) { return std::abs(a) < std::abs(b); };
  const auto direct = std::max_element(response.begin(), response.end(), louder);
  const auto before = std::min<std::ptrdiff_t>(direct - response.begin(), lead);
  response.erase(response.begin(), direct - before);
  return response;
}

Rendering render(const Scene& scene, std::size_t length) {
  Rendering result;
  result.dry = scene.recording.empty()
                   ? render(scene.source, scene.performance, length)
                   : play(read_recording(scene.recording), scene.performance, length);
  result.wet = convolve(result.dry, response_of(scene), length);
  low_pass(7200, result.wet);
  result.noise = all_noise(scene, length);
  const double level = std::sqrt(power(result.wet)) * std::pow(10, -scene.snr / 20);
  result.recorded.resize(length);
  for (std::size_t n = 0; n < length; ++n) {
    result.noise[n] = static_cast<float>(level * result.noise[n]);
    result.recorded[n] = result.wet[n] + result.noise[n];
  }
  record(scene.recorder, result.recorded);
  result.clip = result.recorded;
  set_level(result.clip, kit::Random(scene.gain));
  return result;
}

std::optional<double> reverberation_time(const Signal& response) {
  std::vector<double> decay(response.size() + 1, 0.0);
  for (std::size_t n = response.size(); n-- > 0;)
    decay[n] = decay[n + 1] + double{response[n]} * response[n];
  const auto level = [&](std::size_t n) { return 10 * std::log10(decay[n] / decay[0]); };
  // The last part of the response is left out: the sum lacks whatever would come after the end.
  const std::size_t end = response.size() - response.size() / 20;
  for (const double low : {-35.0, -25.0}) {
    if (level(end) > low - 5) continue;
    double count = 0, sum_t = 0, sum_l = 0, sum_tt = 0, sum_tl = 0;
    for (std::size_t n = 0; n < end; ++n) {
      const double l = level(n), t = static_cast<double>(n) / rate;
      if (l > -5) continue;
      if (l < low) break;
      count += 1, sum_t += t, sum_l += l, sum_tt += t * t, sum_tl += t * l;
    }
    const double slope = (count * sum_tl - sum_t * sum_l) / (count * sum_tt - sum_t * sum_t);
    return -60 / slope;
  }
  return std::nullopt;
}

}  // namespace earshot::scenes
