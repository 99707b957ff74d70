#pragma once
#include <cstdint>
#include <deque>
#include <functional>

#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// State of causal layers between consecutive segments of a long signal. Layers request their slots
/// in the order in which they run, the same for each segment; an undefined slot means that the
/// signal begins.
class Stream {
 public:
  at::Tensor& next();
  std::size_t place() const { return at_; }           ///< number of slots requested so far
  void return_to(std::size_t place) { at_ = place; }  ///< so that later slots are returned again

 private:
  std::deque<at::Tensor> slots_{};  // a deque keeps references valid
  std::size_t at_ = 0;
};

/// Results of step(segment, stream) for segments of `tile` positions of `x` (B, C, N), the last one
/// of 1 to `tile`, concatenated along the last dimension: the same as step(x, nullptr) within
/// rounding, with memory only for input and output, and faster if a tile stays in the processor's
/// cache. With a `stream`, x itself is a segment, which follows the one before. Without one, an x
/// shorter than two tiles is computed at once.
at::Tensor in_tiles(const at::Tensor& x, std::int64_t tile,
                    const std::function<at::Tensor(const at::Tensor&, Stream*)>& step,
                    Stream* stream = nullptr);

}  // namespace earshot::kit
