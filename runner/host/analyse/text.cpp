#include "host/analyse/text.hpp"

#include <cmath>
#include <cstdio>

namespace earshot::host {
namespace {

std::string formatted(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

std::string number_text(double value) {
  if (!std::isfinite(value)) return "-";
  constexpr double rounding_error = 1e-12;
  const double size = std::abs(value);
  if (size < rounding_error) return "0.000";
  if (size >= 1000) return formatted("%.5g", value);
  return formatted(size < 0.0005 ? "%.1e" : "%.3f", value);
}

std::string signed_text(double value) {
  const auto text = number_text(value);
  return (std::isfinite(value) && text.front() != '-' ? "+" : "") + text;
}

std::string p_text(double p) {
  return p < 0.0001 ? "< 0.0001" : formatted(p < 0.01 ? "%.4f" : "%.3f", p);
}

std::string interval_text(const statistics::Interval& interval) {
  if (!interval.defined()) return interval.missing;
  return signed_text(interval.low) + " to " + signed_text(interval.high);
}

std::string count_text(long long count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace earshot::host
