#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

// Texts and numbers in documents of other languages.

namespace earshot::host {

/// plain_text() on one line: line breaks and control characters become spaces.
std::string one_line(std::string text);

// Each of these gives one line that shows the text and nothing else, whatever it contains: its
// language finds no command, markup or reference in it.

/// For LaTeX, in paragraphs, captions and tables. U+FFFD becomes a bold question mark, since pdfTeX
/// does not know it. Other characters stay as they are; LuaTeX and XeTeX know those of all
/// languages, pdfTeX the European ones.
std::string latex_text(std::string_view text);
/// For Markdown as on GitHub, in paragraphs and tables.
std::string markdown_text(std::string_view text);
/// The same as code, in the font of code.
std::string markdown_code(std::string_view text);
/// For HTML, in elements and quoted attributes.
std::string html_text(std::string_view text);

/// A number as print() and tables write it, for LaTeX: signs as mathematics, "1.0e-05" as a power
/// of ten.
std::string latex_number(std::string_view number);

/// Names of LaTeX macros: letters only, each name once.
class MacroNames {
 public:
  /// @param beginning  of all names, of letters: "es"
  explicit MacroNames(std::string beginning) : beginning_(std::move(beginning)) {}

  /// "esEventLogMelDifference" for "event log_mel difference". Digits become words; characters
  /// other than ASCII letters and digits separate words. Names that were taken get a letter at
  /// their end.
  std::string take(std::string_view text);

 private:
  std::string beginning_;
  std::map<std::string, std::size_t> taken_{};
};

}  // namespace earshot::host
