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
  std::size_t place() const { return at_; }           ///< the number of slots asked for
  void return_to(std::size_t place) { at_ = place; }  ///< so that the slots behind it come again

 private:
  std::deque<at::Tensor> slots_{};  // of which references stay valid
  std::size_t at_ = 0;
};

/// Results of step(stretch, stream) for stretches of `tile` positions of `x` (B, C, N), the last of
/// 1 to `tile`, one after the other along the last dimension: the same as step(x, nullptr) within
/// rounding, in memory that does not grow beyond input and output, and faster where a tile stays in
/// the processor's cache. With a `stream`, x is itself a stretch, which follows the one before.
/// Without one, an x shorter than two tiles is computed at once.
at::Tensor in_tiles(const at::Tensor& x, std::int64_t tile,
                    const std::function<at::Tensor(const at::Tensor&, Stream*)>& step,
                    Stream* stream = nullptr);

}  // namespace earshot::kit
