#include "worker/dataset/unicode.hpp"

#include <cstdlib>
#include <memory>
#include <sstream>

#include <utf8proc.h>

namespace earshot::worker {

bool is_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t at = 0; at < text.size();) {
    if (bytes[at] < 0x80) {
      ++at;
      continue;
    }
    utf8proc_int32_t code = 0;
    const auto read =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &code);
    if (read <= 0) return false;
    at += static_cast<std::size_t>(read);
  }
  return true;
}

std::string appearance(const std::string& text) {
  constexpr auto form =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                     UTF8PROC_CASEFOLD | UTF8PROC_IGNORE | UTF8PROC_STRIPCC);
  utf8proc_uint8_t* mapped = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &mapped, form);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> kept(mapped, std::free);
  if (size < 0) return text;
  std::istringstream words(
      std::string(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)));
  std::string result;
  for (std::string word; words >> word;)
    result += (result.empty() ? "" : " ") + word;
  return result;
}

}  // namespace earshot::worker
