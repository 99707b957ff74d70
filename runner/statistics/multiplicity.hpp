#pragma once
#include <span>
#include <vector>

namespace earshot::statistics {

/// p-values adjusted so that comparing each with alpha keeps the chance of any false rejection
/// below alpha (Holm 1979, "A simple sequentially rejective multiple test procedure"). In the given
/// order.
std::vector<double> holm(std::span<const double> p_values);

/// p-values adjusted so that comparing each with q keeps the expected share of false rejections
/// below q (Benjamini, Hochberg 1995). In the given order.
std::vector<double> benjamini_hochberg(std::span<const double> p_values);

}  // namespace earshot::statistics
