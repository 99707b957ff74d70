#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <numbers>
#include <numeric>
#include <string>

#include <earshot/error.hpp>
#include <earshot/kit/resample.hpp>

#include "dot.hpp"

namespace earshot::kit {

namespace {

constexpr double zero_crossings = 6, rolloff = 0.99;
constexpr std::int64_t lanes = 8;  // separate sums, so that the compiler can vectorise

/// The filter at `t`, in zero crossings of the cut-off frequency.
double windowed_sinc(double t) {
  if (std::abs(t) >= zero_crossings) return 0;
  const double window = std::pow(std::cos(t * std::numbers::pi / zero_crossings / 2), 2);
  const double x = t * std::numbers::pi;
  return x == 0 ? window : std::sin(x) / x * window;
}

}  // namespace

Resampler::Resampler(std::int64_t from, std::int64_t to) : from_(from), to_(to) {
  if (from <= 0 || to <= 0)
    throw ConfigError("resampling from " + std::to_string(from) + " to " + std::to_string(to) +
                      " Hz; rates must be above 0 Hz");
  const auto divisor = std::gcd(from, to);
  from_ /= divisor;
  to_ /= divisor;
  if (from_ == to_) return;

  const double cutoff = static_cast<double>(std::min(from_, to_)) * rolloff;
  const double reach = zero_crossings * static_cast<double>(from_) / cutoff;  // input samples
  width_ = static_cast<std::int64_t>(std::ceil(reach));
  taps_ = (2 * width_ + 2 + lanes - 1) / lanes * lanes;
  filter_.resize(static_cast<std::size_t>(to_ * taps_));
  for (std::int64_t j = 0; j < to_; ++j) {
    // Output j is at input j * from / to; the padded input begins width_ samples before 0.
    const auto first = j * from_ / to_;
    const auto phase = static_cast<double>(-static_cast<float>(j) / static_cast<float>(to_));
    first_.push_back(first);
    for (std::int64_t k = 0; k < taps_; ++k) {
      const auto at = static_cast<double>(first + k - width_) / static_cast<double>(from_);
      filter_[static_cast<std::size_t>(j * taps_ + k)] = static_cast<float>(
          windowed_sinc((phase + at) * cutoff) * (cutoff / static_cast<double>(from_)));
    }
  }
}

std::int64_t Resampler::length(std::int64_t samples) const {
  return (samples * to_ + from_ - 1) / from_;
}

std::vector<float> Resampler::operator()(std::span<const float> input) const {
  if (from_ == to_) return {input.begin(), input.end()};
  const auto samples = static_cast<std::int64_t>(input.size());
  std::vector<float> padded(static_cast<std::size_t>(width_ + samples + from_ + taps_));
  std::copy(input.begin(), input.end(), padded.begin() + width_);
  std::vector<float> output(static_cast<std::size_t>(length(samples)));
  const auto size = static_cast<std::int64_t>(output.size());
  for (std::int64_t n = 0, start = 0; n < size; n += to_, start += from_)
    for (std::int64_t j = 0; j < std::min(to_, size - n); ++j)
      output[static_cast<std::size_t>(n + j)] =
          dot(padded.data() + start + first_[static_cast<std::size_t>(j)],
              filter_.data() + j * taps_, taps_);
  return output;
}

std::vector<float> resample(std::span<const float> input, std::int64_t from, std::int64_t to) {
  static std::mutex mutex;
  static std::map<std::pair<std::int64_t, std::int64_t>, std::shared_ptr<const Resampler>> known;
  std::shared_ptr<const Resampler> resampler;
  {
    const std::lock_guard lock(mutex);
    auto& place = known[{from, to}];
    if (!place) place = std::make_shared<const Resampler>(from, to);
    resampler = place;
  }
  return (*resampler)(input);
}

}  // namespace earshot::kit
