#include "fold.hpp"

#include <cstdlib>
#include <memory>
#include <new>

#include <utf8proc.h>

#include "normalize.hpp"
#include "unicode.hpp"

namespace earshot::kit::text {
namespace {

/// Replacements before the normal form, which would decompose these.
char32_t whole(char32_t code) {
  switch (code) {
    case 0xB4:  // acute accent
      return U'\'';
    case 0x2033:  // double primes
    case 0x2036:
      return U'"';
    default:
      return code;
  }
}

/// 0: has no width.
char32_t plain(char32_t code) {
  if ((code >= 0x2010 && code <= 0x2015) || code == 0x2212 || code == 0x2043) return U'-';
  if ((code >= 0x2018 && code <= 0x201B) || code == 0x2032 || code == 0x2035 || code == 0x2BC ||
      code == 0x2BB || code == 0x2039 || code == 0x203A)
    return U'\'';
  if ((code >= 0x201C && code <= 0x201F) || code == 0xAB || code == 0xBB ||
      (code >= 0x301D && code <= 0x301F))
    return U'"';
  if ((code >= 0x200B && code <= 0x200F && code != 0x200D) || code == 0x2060 || code == 0xFEFF ||
      code == 0xAD || code == 0xFE0E || code == 0xFE0F)
    return 0;
  if (code == 0x266F) return U'#';                    // the sharp sign
  if (code == 0x2044 || code == 0x2215) return U'/';  // fraction slashes
  return code;
}

}  // namespace

std::u32string folded(std::string_view text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const auto code = code_point(text, at);
    append_utf8(kept, code.valid ? whole(code.value) : U'\uFFFD');
    at += code.bytes;
  }
  const auto normal = nfkc(kept);
  std::u32string result;
  for (std::size_t at = 0; at < normal.size();) {
    const auto code = code_point(normal, at);
    if (const auto one = plain(code.value); one != 0) result += one;
    at += code.bytes;
  }
  return result;
}

std::string to_utf8(std::u32string_view text) {
  std::string bytes;
  for (const auto code : text)
    append_utf8(bytes, code);
  return bytes;
}

std::string case_folded(std::u32string_view text) {
  const auto bytes = to_utf8(text);
  utf8proc_uint8_t* mapped = nullptr;
  const auto count = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
      static_cast<utf8proc_ssize_t>(bytes.size()), &mapped,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD));
  if (count < 0) throw std::bad_alloc();  // valid text fails for no other reason
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(mapped, &std::free);
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(count)};
}

std::u32string_view trim(std::u32string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

}  // namespace earshot::kit::text
