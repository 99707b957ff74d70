#include <algorithm>

#include <ATen/ATen.h>

#include <lib/models/frame_sample.hpp>

#include <earshot/kit/random.hpp>

namespace earshot::kit {

namespace {

constexpr int hash_bits = 30;

std::int64_t odd(std::uint64_t number) {
  return static_cast<std::int64_t>(number | 1);
}

at::Tensor xor_shifted(const at::Tensor& x, int bits) {
  const auto low = static_cast<std::int64_t>(~std::uint64_t{0} >> bits);  // of a logical shift
  return x.bitwise_xor(at::bitwise_right_shift(x, bits).bitwise_and(low));
}

/// The last steps of SplitMix64 (Steele, Lea, Flood 2014, section 5; constants of Stafford's
/// "Mix13"): numbers with a fixed difference get unrelated hashes, so that other frames share a
/// slot in every step.
at::Tensor mixed(const at::Tensor& x) {
  const auto first = xor_shifted(x, 30) * static_cast<std::int64_t>(0xbf58476d1ce4e5b9);
  const auto second = xor_shifted(first, 27) * static_cast<std::int64_t>(0x94d049bb133111eb);
  return xor_shifted(second, 31);
}

}  // namespace

FrameSample::FrameSample(std::int64_t slots, std::int64_t dim, std::uint64_t seed,
                         c10::Device device)
    : seed_(seed),
      sums_(at::zeros({slots, dim + 1}, at::TensorOptions(at::kFloat).device(device))) {
  Random random(derive(seed, "frame sample"));
  auto multipliers = at::empty({dim}, at::kLong);
  auto* multiplier = multipliers.mutable_data_ptr<std::int64_t>();
  for (std::int64_t d = 0; d < dim; ++d)
    multiplier[d] = odd(random());
  multipliers_ = multipliers.to(device);
}

/// Multiply-shift hashing (Dietzfelbinger et al. 1997): sums modulo 2^64, the same in any order.
at::Tensor FrameSample::hashed(const at::Tensor& frames) const {
  constexpr std::int64_t most = 4096;  // frames whose bits are widened at once
  std::vector<at::Tensor> parts;
  for (const auto& rows : frames.split(most))
    parts.push_back((rows.contiguous().view(at::kInt).to(at::kLong) * multipliers_).sum(1));
  return at::cat(parts);
}

void FrameSample::add(const at::Tensor& frames, const at::Tensor& clips, const at::Tensor& places,
                      std::int64_t step, double share) {
  const auto multiplier = [&](const char* what) { return odd(derive(seed_, what)); };
  const auto of_step = static_cast<std::int64_t>(derive(seed_, "step", step));
  auto hash = hashed(frames) + places * multiplier("place");
  const auto of_clips =
      at::zeros({clips.max().item<std::int64_t>() + 1}, hash.options()).index_add_(0, clips, hash);
  hash = mixed(hash + of_clips.index_select(0, clips) * multiplier("clip") + of_step);
  constexpr std::int64_t hashes = std::int64_t{1} << hash_bits;
  const auto top = at::bitwise_right_shift(hash, 63 - hash_bits).bitwise_and(hashes - 1);
  const auto limit = static_cast<std::int64_t>(share * static_cast<double>(hashes)) / slots();
  const auto taken = (top.floor_divide(slots()) < limit).nonzero().squeeze(1);
  const auto values = frames.index_select(0, taken);
  sums_.index_add_(0, top.index_select(0, taken).remainder(slots()),
                   at::cat({values, at::ones({values.size(0), 1}, values.options())}, 1));
}

at::Tensor FrameSample::frames() const {
  const auto dim = sums_.size(1) - 1;
  const auto alone = (sums_.select(1, dim) == 1).nonzero().squeeze(1);
  return sums_.index_select(0, alone).narrow(1, 0, dim);
}

}  // namespace earshot::kit
