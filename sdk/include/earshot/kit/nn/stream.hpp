#pragma once
#include <cstdint>
#include <deque>
#include <functional>

#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// What causal layers remember from one stretch of a long signal to the next. Layers ask for their
/// slots in the order in which they run, the same for each stretch; an undefined slot means that
/// the signal begins.
class Stream {
 public:
  at::Tensor& next();
  void rewind() { at_ = 0; }

 private:
  std::deque<at::Tensor> slots_{};  // of which references stay valid
  std::size_t at_ = 0;
};

/// step(x, nullptr) where `x` (B, C, N) is shorter than two tiles. Otherwise the results of
/// step(stretch, stream) for stretches of `tile` positions, the last of 1 to `tile`, one after the
/// other along the last dimension: the same within rounding, in memory that does not grow beyond
/// input and output, and faster, because a tile stays in the processor's cache.
at::Tensor in_tiles(const at::Tensor& x, std::int64_t tile,
                    const std::function<at::Tensor(const at::Tensor&, Stream*)>& step);

}  // namespace earshot::kit
