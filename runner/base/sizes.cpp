#include "base/sizes.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace earshot::base {

std::string size_text(std::int64_t bytes) {
  const auto& units = byte_units();
  auto unit = units.begin();
  while (std::next(unit) != units.end() && static_cast<double>(bytes) >= std::next(unit)->second)
    ++unit;
  char text[32];
  std::snprintf(text, sizeof text, unit == units.begin() ? "%.0f %s" : "%.1f %s",
                static_cast<double>(bytes) / unit->second, unit->first.c_str());
  return text;
}

const Units& byte_units() {
  static const Units units{
      {"B", 1}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};
  return units;
}

const Units& second_units() {
  static const Units units{{"s", 1}, {"min", 60}, {"h", 3600}};
  return units;
}

std::optional<double> parse_quantity(std::string_view text, const Units& units) {
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (text.empty()) return number;
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const auto& known) { return known.first == text; });
  return unit == units.end() ? std::nullopt : std::optional(number * unit->second);
}

}  // namespace earshot::base
