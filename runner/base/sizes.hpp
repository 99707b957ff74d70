#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Sizes and durations as people write them.

namespace earshot::base {

/// "1.5 GiB", "366.9 MiB", "12.0 KiB", "21 B"
std::string size_text(std::int64_t bytes);

using Units = std::vector<std::pair<std::string, double>>;

/// B to TiB, in bytes.
const Units& byte_units();
/// s, min, h, in seconds.
const Units& second_units();

/// "10min", "1.5 GiB", "512": a non-negative number with one of the units, or without one. nullopt
/// for anything else.
std::optional<double> parse_quantity(std::string_view text, const Units& units);

}  // namespace earshot::base
