#include "host/experiment/nesting.hpp"

#include <algorithm>

#include "host/experiment/value.hpp"

namespace earshot::host {
namespace {

constexpr int most_parts = 32;   // of a dotted key
constexpr int most_levels = 32;  // of brackets in brackets

/// Passes over the text once, and knows just enough TOML to recognise strings and comments.
class NestingCheck {
 public:
  NestingCheck(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  void run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
        continue;
      }
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      take(c);
      ++at_;
    }
  }

 private:
  void take(char c) {
    switch (c) {
      case '.':
        if (++dots_ >= most_parts)
          refuse("a key of more than " + std::to_string(most_parts) + " parts");
        return;
      case '[':
      case '{':
        if (++levels_ > most_levels)
          refuse("brackets nested more than " + std::to_string(most_levels) + " deep");
        break;
      case ']':
      case '}':
        if (levels_ > 0) --levels_;
        break;
      case '\n':
        ++line_;
        line_begin_ = at_ + 1;
        break;
      case '=':
      case ',':
        break;
      default:
        return;  // a character of a key, a number or white space
    }
    dots_ = 0;
  }

  /// A string on one line ends with the line at the latest; the parser reports one that does not.
  void skip_string(char quote) {
    const bool lines = text_.substr(at_, 3) == std::string(3, quote);
    const std::string end(lines ? 3 : 1, quote);
    at_ += end.size();
    while (at_ < text_.size() && text_.substr(at_, end.size()) != end) {
      if (text_[at_] == '\n') {
        if (!lines) return;
        ++line_;
        line_begin_ = at_ + 1;
      }
      at_ += quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n'
                 ? 2
                 : 1;
    }
    at_ = std::min(at_ + end.size(), text_.size());
    while (lines && at_ < text_.size() && text_[at_] == quote)
      ++at_;  // up to two quotes may precede the end
  }

  [[noreturn]] void refuse(const std::string& what) const {
    host::refuse({file_, line_, static_cast<int>(at_ - line_begin_) + 1},
                 what + "; an experiment file needs only a few");
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0, line_begin_ = 0;
  int line_ = 1, levels_ = 0, dots_ = 0;
};

}  // namespace

void check_nesting(std::string_view text, const std::string& file) {
  NestingCheck(text, file).run();
}

}  // namespace earshot::host
