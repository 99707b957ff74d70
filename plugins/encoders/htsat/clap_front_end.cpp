#include "clap_front_end.hpp"

#include <algorithm>

#include <ATen/ATen.h>

#include <earshot/error.hpp>

namespace earshot::kit {

namespace {

LogMelOptions log_mel_options(const ClapFrontEndOptions& o) {
  const bool fusion = o.truncation == ClapTruncation::fusion;
  return {.sample_rate = o.sample_rate,
          .spectrogram = {.n_fft = o.n_fft, .window = o.n_fft, .hop = o.hop},
          .mels = o.mels,
          .fmin = o.fmin,
          .fmax = o.fmax,
          .scale = fusion ? MelScale::htk : MelScale::slaney,
          .area = !fusion,
          .top_db = 0};
}

/// The middle of each third of the `count` possible starts; the first thirds take the remainder, as
/// in numpy's array_split, and empty thirds use start 0.
std::array<std::int64_t, 3> middle_starts(std::int64_t count) {
  std::array<std::int64_t, 3> starts{};
  std::int64_t begin = 0;
  for (std::int64_t third = 0; third < 3; ++third) {
    const auto size = count / 3 + (third < count % 3 ? 1 : 0);
    if (size > 0) starts[static_cast<std::size_t>(third)] = begin + size / 2;
    begin += size;
  }
  return starts;
}

void check(const ClapFrontEndOptions& options) {
  if (options.max_samples < 1)
    throw ConfigError("max_samples is " + std::to_string(options.max_samples) +
                      "; allowed: 1 or more");
}

}  // namespace

std::vector<float> clap_padded(std::span<const float> samples, std::int64_t length,
                               ClapPadding padding) {
  std::vector<float> result(samples.begin(), samples.end());
  const auto wanted = static_cast<std::size_t>(length), given = samples.size();
  if (given >= wanted) return result;
  const auto repeated = padding == ClapPadding::repeat       ? wanted
                        : padding == ClapPadding::repeat_pad ? wanted / given * given
                                                             : given;
  result.resize(wanted);
  for (auto n = given; n < repeated; ++n)
    result[n] = result[n - given];
  return result;
}

ClapFrontEnd::ClapFrontEnd(const ClapFrontEndOptions& options)
    : options_(options), log_mel_(log_mel_options(options)) {
  check(options);
}

ClapFrontEnd::ClapFrontEnd(const ClapFrontEndOptions& options, MelFilters filters)
    : options_(options), log_mel_(log_mel_options(options), std::move(filters)) {
  check(options);
}

std::int64_t ClapFrontEnd::frames() const {
  return log_mel_.frames(options_.max_samples);
}

at::Tensor ClapFrontEnd::mel_frames(std::span<const float> samples) const {
  auto mels = at::empty({log_mel_.frames(std::ssize(samples)), options_.mels}, at::kFloat);
  log_mel_.compute(samples, mels.mutable_data_ptr<float>());
  return mels;
}

at::Tensor ClapFrontEnd::crop(std::span<const float> samples, std::int64_t start) const {
  const auto last = std::ssize(samples) - options_.max_samples;
  if (start < 0 || start > last)
    throw ContractError("start is sample " + std::to_string(start) + "; allowed: 0 to " +
                        std::to_string(last));
  return mel_frames(samples.subspan(static_cast<std::size_t>(start),
                                    static_cast<std::size_t>(options_.max_samples)))
      .unsqueeze(0);
}

at::Tensor ClapFrontEnd::fuse(std::span<const float> samples,
                              const std::array<std::int64_t, 3>& starts) const {
  return fused(mel_frames(samples), starts);
}

at::Tensor ClapFrontEnd::fused(const at::Tensor& mels,
                               const std::array<std::int64_t, 3>& starts) const {
  const auto last = mels.size(0) - frames();
  const auto whole = at::upsample_bilinear2d(mels.unsqueeze(0).unsqueeze(0),
                                             {frames(), options_.mels}, /*align_corners=*/false);
  std::vector<at::Tensor> channels{whole[0][0]};
  for (const auto start : starts) {
    if (start < 0 || start > last)
      throw ContractError("start is frame " + std::to_string(start) + "; allowed: 0 to " +
                          std::to_string(last));
    channels.push_back(mels.narrow(0, start, frames()));
  }
  return at::stack(channels);
}

ClapFrontEnd::Input ClapFrontEnd::operator()(std::span<const float> samples) const {
  const bool too_long = std::ssize(samples) > options_.max_samples;
  if (too_long && options_.truncation == ClapTruncation::crop)
    return {crop(samples, (std::ssize(samples) - options_.max_samples) / 2), true};
  const auto mels = mel_frames(clap_padded(samples, options_.max_samples, options_.padding));
  const auto more = mels.size(0) - frames();
  if (more > 0) return {fused(mels, middle_starts(more + 1)), true};
  return {mels.unsqueeze(0).expand({channels(), -1, -1}).contiguous(), false};
}

}  // namespace earshot::kit
