#pragma once
#include <cstdint>
#include <string>

namespace earshot::host {

/// "1.5 GiB", "366.9 MiB", "12.0 KiB", "21 B": bytes for people.
std::string size_text(std::int64_t bytes);

}  // namespace earshot::host
