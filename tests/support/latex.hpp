#pragma once
#include <cctype>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "files.hpp"
#include "temporary_folder.hpp"

// What LaTeX would read in a file with tables, for tests.

namespace earshot::testing {

/// Reads macros and tables by the rules of TeX's tokens. It knows only the commands that our tables
/// need, so that any other, such as one in a name, is a problem.
class LatexTables {
 public:
  explicit LatexTables(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; problem.empty() && std::getline(lines, line);) {
      if (line.starts_with('%')) continue;
      read(line);
      if (problem.empty() && (depth_ != 0 || math_)) problem = "unbalanced";
      if (!problem.empty()) problem += ": " + line;
    }
    if (problem.empty() && !open_.empty()) problem = "not ended: " + open_.back();
  }

  std::string problem{};                        ///< "" if there is none
  std::map<std::string, std::string> macros{};  ///< body by name, without backslash
  std::vector<std::string> captions{};
  std::vector<std::vector<std::string>> rows{};  ///< cells below the rules in the middle

  /// A cell as people read it: macros replaced, without marks.
  std::string shown(const std::string& cell) const {
    for (const auto& [name, body] : macros)
      if (cell.find("\\" + name + "{}") != std::string::npos) return body;
    return cell;
  }

 private:
  void read(const std::string& line) {
    static const std::string definition = "\\newcommand{\\";
    if (line.starts_with(definition)) {
      const auto end = line.find('}');
      const auto name = line.substr(definition.size(), end - definition.size());
      for (const char c : name)
        if (!std::isalpha(static_cast<unsigned char>(c))) problem = "no name of a macro";
      if (line.compare(end, 2, "}{") != 0 || line.back() != '}') problem = "no body of a macro";
      if (!problem.empty()) return;
      scan(line.substr(end + 1));
      const auto body = line.substr(end + 2, line.size() - end - 3);
      if (!macros.emplace(name, body).second) problem = "defined twice";
      return;
    }
    if (line.starts_with("\\caption{")) captions.push_back(line.substr(9, line.size() - 10));
    cells_ = {""};
    scan(line);
    const bool in_table = !open_.empty() && open_.back() == "tabular";
    if (!problem.empty() || !in_table || !ends_row_) return;
    if (cells_.size() != columns_) problem = "a row of another number of cells";
    if (body_) rows.push_back(cells_);
  }

  void scan(const std::string& line) {
    ends_row_ = false;
    for (std::size_t i = 0; i < line.size() && problem.empty();) {
      const char c = line[i];
      const auto byte = static_cast<unsigned char>(c);
      if (c == '\\') {
        i = command(line, i);
        continue;
      }
      if (byte < 0x20 || byte == 0x7f) problem = "a control character";
      if (std::string("#%~_\"'`").find(c) != std::string::npos)
        problem = std::string("a bare ") + c;
      if (std::string("^<>|").find(c) != std::string::npos && !math_)
        problem = std::string("a bare ") + c;
      if (c == '{') ++depth_;
      if (c == '}' && --depth_ < 0) problem = "a brace too many";
      if (c == '$') math_ = !math_;
      if (c == '&') {
        if (depth_ != 0 || math_ || open_.empty() || open_.back() != "tabular")
          problem = "a bare &";
        trim();
        cells_.emplace_back();
      } else if (!cells_.empty() && (c != ' ' || !cells_.back().empty())) {
        cells_.back() += c;
      }
      ++i;
    }
    trim();
  }

  /// Removes spaces at the end of the last cell.
  void trim() {
    while (!cells_.empty() && cells_.back().ends_with(' '))
      cells_.back().pop_back();
  }

  /// @returns the index behind the command at `at`
  std::size_t command(const std::string& line, std::size_t at) {
    auto end = at + 1;
    while (end < line.size() && std::isalpha(static_cast<unsigned char>(line[end])))
      ++end;
    if (end == at + 1) {
      const auto symbol = line.substr(at, 2);
      if (symbol == "\\\\") {
        ends_row_ = end + 1 == line.size();
        if (!ends_row_) problem = "a row that ends inside a line";
      } else if (symbol.size() < 2 || std::string("{}$&#_%").find(symbol[1]) == std::string::npos) {
        problem = "an unknown symbol " + symbol;
      } else if (!cells_.empty()) {
        cells_.back() += symbol;
      }
      return at + 2;
    }
    const auto name = line.substr(at + 1, end - at - 1);
    if (name == "begin" || name == "end") return environment(line, name, end);
    static const std::set<std::string> known{
        "centering", "caption", "toprule",     "midrule",       "bottomrule",     "textbf",
        "approx",    "dagger",  "times",       "textbackslash", "textasciitilde", "textasciicircum",
        "textless",  "char",    "textgreater", "textbar",       "textdagger"};
    if (!known.contains(name) && !macros.contains(name)) problem = "an unknown command " + name;
    if (name == "midrule") body_ = true;
    if (!cells_.empty()) cells_.back() += line.substr(at, end - at);
    return end;
  }

  std::size_t environment(const std::string& line, const std::string& what, std::size_t at) {
    const auto end = line.find('}', at);
    const auto name = line.substr(at + 1, end - at - 1);
    if (what == "begin") {
      if (name != "table" && name != "tabular") problem = "an unknown environment";
      open_.push_back(name);
      if (name != "tabular") return end + 1;
      const auto last = line.find('}', end + 1);
      columns_ = last - end - 2;
      body_ = false;
      if (line.substr(end + 2, columns_).find_first_not_of("lr") != std::string::npos)
        problem = "unknown columns";
      return last + 1;
    }
    if (open_.empty() || open_.back() != name) problem = "an end without its beginning";
    if (!open_.empty()) open_.pop_back();
    return end + 1;
  }

  int depth_ = 0;
  bool math_ = false, ends_row_ = false, body_ = false;
  std::size_t columns_ = 0;
  std::vector<std::string> open_{}, cells_{};
};

/// What pdfTeX says about a paper that includes the text; "" if it compiles, "no pdflatex" where
/// there is none.
inline std::string pdflatex_says(const std::string& text) {
  if (std::system("command -v pdflatex >/dev/null") != 0) return "no pdflatex";
  const TemporaryFolder folder;
  write(folder / "table.tex", text);
  write(folder / "paper.tex",
        "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\\input{table}"
        "\\end{document}\n");
  const auto command = "cd '" + folder.path().string() +
                       "' && pdflatex -interaction=nonstopmode -halt-on-error paper.tex >/dev/null";
  return std::system(command.c_str()) == 0 ? "" : text_of(folder / "paper.log");
}

/// Names that break documents which take them for markup.
inline const std::vector<std::string> hostile_names{
    "<script>alert(1)</script>",
    "\"'`<img src=x onerror=alert(1)>",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe\u200f\u2067",
    "\\input{/etc/passwd} \\\\ [2ex] * & % # $x_1^2$ ~ {",
    "}}\\end{tabular}",
    "^^M%",
    "| **bold** | `code` | [a](b)",
    "two\nlines\r\n\ttab",
    "=1+1",
    "\xff\xfe not UTF-8",
    std::string(10'000, 'x'),
    "",
};

}  // namespace earshot::testing
