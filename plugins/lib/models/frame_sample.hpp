#pragma once
#include <cstdint>

#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// A random sample of the frames of a step, as sums: the sample of several processes is the sum of
/// theirs, and is the same however the clips are divided among them.
///
/// Each frame is thrown into one of `slots`, or into none, by a hash of its values, its place, its
/// whole clip, step and seed. A slot holds the sum of its frames and their number. Where that is 1,
/// the sum is the frame. If `share` x frames = slots, 1 / e of the slots (37 %) end up with one
/// frame, which is the most there can be. Equal frames (silence) are drawn as often as others;
/// those of equal clips meet in one slot.
class FrameSample {
 public:
  FrameSample(std::int64_t slots, std::int64_t dim, std::uint64_t seed, c10::Device device);

  std::int64_t slots() const { return sums_.size(0); }
  /// float32 (slots, D + 1): the sum of the frames and, last, their number.
  const at::Tensor& sums() const { return sums_; }

  /// @param frames  float32 (N, D)
  /// @param clips  int64 (N): the number of each one's clip in the batch, from 0
  /// @param places  int64 (N): of each in its clip
  /// @param share  of the frames that are thrown in, 0 to 1
  void add(const at::Tensor& frames, const at::Tensor& clips, const at::Tensor& places,
           std::int64_t step, double share);

  /// The frames that are alone in their slot, in the slots' order: float32 (M, D).
  at::Tensor frames() const;

  void clear() { sums_.zero_(); }

 private:
  at::Tensor hashed(const at::Tensor& frames) const;

  std::uint64_t seed_;
  at::Tensor multipliers_;  ///< int64 (D), odd
  at::Tensor sums_;
};

}  // namespace earshot::kit
