#pragma once
#include <cstdint>
#include <functional>

namespace earshot::kit {

/// Calls `work(0)` to `work(count - 1)` on all of LibTorch's threads, in any order. Whatever
/// LibTorch computes inside a call runs on that call's thread alone, even if `count` is 1: the bits
/// of its Fourier transforms, products and logarithms depend on the number of threads that they may
/// use, and so are fixed here. Gradients are recorded if the caller records them. Rethrows what a
/// call throws.
void each_on_one_thread(std::int64_t count, const std::function<void(std::int64_t)>& work);

}  // namespace earshot::kit
