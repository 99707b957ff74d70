#pragma once
#include <cstdint>

#include <ATen/core/Tensor.h>

#include <earshot/kit/random.hpp>

namespace earshot::kit {

/// Draws `count` of `frames` one by one, each with a probability in proportion to its squared
/// distance from the nearest of the `centres` and of those drawn before: k-means++ (Arthur and
/// Vassilvitskii 2007, "k-means++: The Advantages of Careful Seeding"). For each, 2 + ln(count)
/// frames are tried and the one is kept that brings the sum of distances down most, as in
/// scikit-learn. Without any centre the first is drawn evenly, as are those that are left once
/// every frame is drawn.
///
/// @param frames  floating (M, D), M > 0
/// @param centres  floating (C, D), C may be 0
/// @returns float32 (count, D), on the CPU
at::Tensor drawn_apart(const at::Tensor& frames, const at::Tensor& centres, std::int64_t count,
                       Random& random);

/// Draws `count` of `frames` with equal probability, none twice before all have been drawn.
/// @returns float32 (count, D), on the CPU
at::Tensor drawn_evenly(const at::Tensor& frames, std::int64_t count, Random& random);

/// A generator of its own, seeded from LibTorch's default one.
Random drawn_generator();

}  // namespace earshot::kit
