#pragma once
#include <cstdint>
#include <functional>

namespace earshot::kit {

/// Calls `work(0)` to `work(count - 1)` on all of LibTorch's threads, in any order. What LibTorch
/// computes inside a call runs on that call's thread alone, even where `count` is 1: its Fourier
/// transforms, products and logarithms change their bits with the number of threads that they may
/// share, and so do not here. Gradients are recorded where the caller records them. Rethrows what a
/// call throws.
void each_on_one_thread(std::int64_t count, const std::function<void(std::int64_t)>& work);

}  // namespace earshot::kit
