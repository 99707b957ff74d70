#include "normalize.hpp"

#include <cstdlib>
#include <memory>
#include <new>

#include <utf8proc.h>

#include "unicode.hpp"

namespace earshot::kit::text {
namespace {

/// The maximal runs of characters that `belongs` accepts.
template <class Belongs>
std::vector<std::string> runs(std::string_view text, const Belongs& belongs) {
  std::vector<std::string> found;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto code = code_point(text, at);
    const bool now = code.valid && belongs(code.value);
    if (now && !inside) found.emplace_back();
    if (now) found.back() += text.substr(at, code.bytes);
    inside = now;
    at += code.bytes;
  }
  return found;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string lowered;
  lowered.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto code = code_point(text, at);
    append_utf8(lowered, code.valid ? static_cast<char32_t>(utf8proc_tolower(
                                          static_cast<utf8proc_int32_t>(code.value)))
                                    : U'\uFFFD');
    at += code.bytes;
  }
  return lowered;
}

std::string nfkc(std::string_view text) {
  const auto valid = replace_invalid(text);
  utf8proc_uint8_t* mapped = nullptr;
  const auto bytes = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(valid.data()),
      static_cast<utf8proc_ssize_t>(valid.size()), &mapped,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT));
  if (bytes < 0) throw std::bad_alloc();  // valid text fails for no other reason
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(mapped, &std::free);
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(bytes)};
}

std::string_view trim(std::string_view text) {
  std::size_t begin = 0, end = 0;
  bool blank = true;
  for (std::size_t at = 0; at < text.size();) {
    const auto code = code_point(text, at);
    if (!code.valid || !is_space(code.value)) {
      if (blank) begin = at;
      blank = false;
      end = at + code.bytes;
    }
    at += code.bytes;
  }
  return text.substr(begin, end - begin);
}

std::vector<std::string> split(std::string_view text) {
  return runs(text, [](char32_t code) { return !is_space(code); });
}

std::vector<std::string> words(std::string_view text) {
  return runs(text, [](char32_t code) {
    const auto its = character_class(code);
    return its == CharacterClass::letter || its == CharacterClass::number || code == U'_';
  });
}

}  // namespace earshot::kit::text
