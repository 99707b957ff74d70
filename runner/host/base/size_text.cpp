#include "host/base/size_text.hpp"

#include <cstdio>

namespace earshot::host {

std::string size_text(std::int64_t bytes) {
  char text[32];
  const auto value = static_cast<double>(bytes);
  if (bytes >= 1 << 30)
    std::snprintf(text, sizeof text, "%.1f GiB", value / (1 << 30));
  else if (bytes >= 1 << 20)
    std::snprintf(text, sizeof text, "%.1f MiB", value / (1 << 20));
  else if (bytes >= 1 << 10)
    std::snprintf(text, sizeof text, "%.1f KiB", value / (1 << 10));
  else
    std::snprintf(text, sizeof text, "%d B", static_cast<int>(bytes));
  return text;
}

}  // namespace earshot::host
