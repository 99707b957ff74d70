#pragma once
#include <string>

#include "statistics/grouping.hpp"

namespace earshot::host {

/// Three decimals; more digits if that would show 0, fewer for large numbers; "-" for NaN.
std::string number_text(double value);
std::string signed_text(double value);  ///< likewise, with its sign
std::string p_text(double p);           ///< "0.012", "< 0.0001"
/// "+0.081 to +0.165", or why there is no interval.
std::string interval_text(const statistics::Interval& interval);
/// "1 seed", "3 seeds".
std::string count_text(long long count, const std::string& noun);

}  // namespace earshot::host
