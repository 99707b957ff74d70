#pragma once
#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

// Tables for documents: LaTeX, Markdown and HTML. They show how numbers stand in a comparison.

namespace earshot::host {

/// How a number stands in a comparison.
enum class Standing {
  none,
  better,   ///< the interval supports that it is the better one: bold
  tied,     ///< the interval does not tell which one is better: ≈, on both
  untested  ///< there is no interval: †
};

/// What a table is about.
struct TableFrame {
  std::string title{};    ///< "" : none
  std::string caption{};  ///< sentences below the title. With either, LaTeX's table is a float
  std::string macros{};   ///< LaTeX: words at the beginning of the macros' names
  bool first = true;      ///< of its document: HTML begins with its head
};

struct ShownCell {
  std::string text{};
  bool number = false;
  Standing standing = Standing::none;
};

struct ShownRow {
  std::vector<ShownCell> cells{};
  std::string name{};  ///< of the row, in the names of macros
};

/// A table with all its rows. Texts are escaped where they are written.
struct ShownTable {
  TableFrame frame{};
  std::vector<std::string> columns{};
  std::vector<ShownRow> rows{};

  /// Whether the column contains a number, and so is aligned to the right.
  bool is_numeric(std::size_t column) const;
};

/// The table with the rules of booktabs, and in front of it a macro for each number, which the
/// table uses: \newcommand{\esEventLogMelDifference}{$+$0.621}.
void write_latex(std::ostream& out, const ShownTable& table);
void write_markdown(std::ostream& out, const ShownTable& table);
void write_html(std::ostream& out, const ShownTable& table);

}  // namespace earshot::host
