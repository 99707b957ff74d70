#pragma once
#include <span>
#include <vector>

namespace earshot::statistics {

/// p-values adjusted so that comparing each with alpha keeps the chance of any false rejection
/// below alpha (Holm 1979, "A simple sequentially rejective multiple test procedure"). In the order
/// given.
std::vector<double> holm(std::span<const double> p_values);

/// p-values adjusted so that comparing each with q keeps the expected share of false ones among the
/// rejections below q (Benjamini, Hochberg 1995). In the order given.
std::vector<double> benjamini_hochberg(std::span<const double> p_values);

}  // namespace earshot::statistics
