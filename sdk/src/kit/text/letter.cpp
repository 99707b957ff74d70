#include "letter.hpp"

#include <algorithm>
#include <set>

#include <earshot/kit/answers.hpp>

#include "normalize.hpp"
#include "unicode.hpp"

namespace earshot::kit {
namespace {

/// What may stand behind a letter that is an answer; behind an article is a space.
bool ends_letter(std::string_view rest) {
  return rest.empty() || std::string_view(").,:;\n").find(rest[0]) != std::string_view::npos;
}

/// "b", "b. rain", "b: rain", but not "b.b. king".
std::optional<std::size_t> letter_at_start(std::string_view reply) {
  if (reply.empty() || !(reply.size() == 1 || reply[1] == '.' || reply[1] == ':')) return {};
  if (reply.size() > 2 && !text::is_space(text::code_point(reply, 2).value)) return {};
  return letter_index(reply[0]);
}

/// "b)" and "(b)", but not "web)" or "f(b)".
std::set<std::size_t> letters_with_parenthesis(std::string_view reply) {
  std::set<std::size_t> found;
  for (auto at = reply.find(')'); at != std::string_view::npos; at = reply.find(')', at + 1)) {
    if (at == 0) continue;
    auto before = reply.substr(0, at - 1);
    if (before.ends_with('(')) before.remove_suffix(1);
    const auto index = letter_index(reply[at - 1]);
    if (index && (before.empty() || before.ends_with(' ') || before.ends_with('\n')))
      found.insert(*index);
  }
  return found;
}

}  // namespace

std::optional<std::size_t> letter_index(char letter) {
  if (letter >= 'a' && letter <= 'z') return static_cast<std::size_t>(letter - 'a');
  if (letter >= 'A' && letter <= 'Z') return static_cast<std::size_t>(letter - 'A');
  return {};
}

std::optional<std::size_t> named_letter(std::string_view reply) {
  const auto lower = text::lower(text::trim(reply));
  auto found = letters_with_parenthesis(lower);
  if (const auto first = letter_at_start(lower)) found.insert(*first);
  for (const std::string_view mark : {"answer is ", "answer: "}) {
    const auto at = lower.find(mark);
    const auto rest = std::string_view(lower).substr(std::min(at, lower.size()));
    if (rest.size() <= mark.size() || !ends_letter(rest.substr(mark.size() + 1))) continue;
    if (const auto index = letter_index(rest[mark.size()])) found.insert(*index);
  }
  return found.size() == 1 ? std::optional(*found.begin()) : std::nullopt;
}

std::string_view option_text(std::span<const std::string> choices, std::size_t index) {
  const auto option = lettered_option(choices[index]);
  return option && option->index == index ? option->text : text::trim(choices[index]);
}

}  // namespace earshot::kit
