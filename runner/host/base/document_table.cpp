#include "host/base/document_table.hpp"

#include <algorithm>

#include "host/base/markup.hpp"

namespace earshot::host {
namespace {

constexpr const char* tie = "\u2248";
constexpr const char* dagger = "\u2020";

std::string latex_cell(const ShownCell& cell, const std::string& macro) {
  const auto text = macro.empty() ? latex_text(cell.text) : "\\" + macro + "{}";
  switch (cell.standing) {
    case Standing::better:
      return "\\textbf{" + text + "}";
    case Standing::tied:
      return text + "$^{\\approx}$";
    case Standing::untested:
      return text + "$^{\\dagger}$";
    default:
      return text;
  }
}

std::string markdown_cell(const ShownCell& cell) {
  const auto text = cell.number ? cell.text : markdown_text(cell.text);
  switch (cell.standing) {
    case Standing::better:
      return "**" + text + "**";
    case Standing::tied:
      return text + " " + tie;
    case Standing::untested:
      return text + " " + dagger;
    default:
      return text;
  }
}

std::string html_cell(const ShownCell& cell) {
  const auto text = html_text(cell.text);
  switch (cell.standing) {
    case Standing::better:
      return "<strong>" + text + "</strong>";
    case Standing::tied:
      return text + "<sup>" + tie + "</sup>";
    case Standing::untested:
      return text + "<sup>" + dagger + "</sup>";
    default:
      return text;
  }
}

void write_markdown_row(std::ostream& out, const std::vector<std::string>& cells) {
  out << '|';
  for (const auto& cell : cells)
    out << ' ' << cell << " |";
  out << '\n';
}

/// Writes the macros. @returns their names by row and column, "" for what is no number
std::vector<std::vector<std::string>> write_macros(std::ostream& out, const ShownTable& table) {
  MacroNames names("es");
  std::vector<std::vector<std::string>> all;
  for (const auto& row : table.rows) {
    auto& macros = all.emplace_back();
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      auto& macro = macros.emplace_back();
      if (!row.cells[i].number) continue;
      macro = names.take(table.frame.macros + " " + row.name + " " + table.columns[i]);
      out << "\\newcommand{\\" << macro << "}{" << latex_number(row.cells[i].text) << "}\n";
    }
  }
  return all;
}

}  // namespace

bool ShownTable::is_numeric(std::size_t column) const {
  return std::any_of(rows.begin(), rows.end(),
                     [column](const ShownRow& row) { return row.cells[column].number; });
}

void write_latex(std::ostream& out, const ShownTable& table) {
  if (table.frame.first) out << "% needs \\usepackage{booktabs}\n";
  const auto macros = write_macros(out, table);
  const auto& frame = table.frame;
  const bool floats = !frame.title.empty() || !frame.caption.empty();
  if (floats) {
    const auto gap = frame.title.empty() || frame.caption.empty() ? "" : ". ";
    out << "\\begin{table}\n\\centering\n\\caption{" << latex_text(frame.title) << gap
        << latex_text(frame.caption) << "}\n";
  }
  out << "\\begin{tabular}{";
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    out << (table.is_numeric(i) ? 'r' : 'l');
  out << "}\n\\toprule\n";
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    out << (i ? " & " : "") << latex_text(table.columns[i]);
  out << " \\\\\n\\midrule\n";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& cells = table.rows[r].cells;
    for (std::size_t i = 0; i < cells.size(); ++i)
      out << (i ? " & " : "") << latex_cell(cells[i], macros[r][i]);
    out << " \\\\\n";
  }
  out << "\\bottomrule\n\\end{tabular}\n" << (floats ? "\\end{table}\n" : "");
}

void write_markdown(std::ostream& out, const ShownTable& table) {
  if (!table.frame.title.empty()) out << "**" << markdown_text(table.frame.title) << "**\n\n";
  std::vector<std::string> cells;
  for (const auto& column : table.columns)
    cells.push_back(markdown_text(column));
  write_markdown_row(out, cells);
  write_markdown_row(out, std::vector<std::string>(table.columns.size(), "---"));
  for (const auto& row : table.rows) {
    cells.clear();
    for (const auto& cell : row.cells)
      cells.push_back(markdown_cell(cell));
    write_markdown_row(out, cells);
  }
  if (!table.frame.caption.empty()) out << '\n' << markdown_text(table.frame.caption) << '\n';
}

void write_html(std::ostream& out, const ShownTable& table) {
  const auto& frame = table.frame;
  if (frame.first)
    out << "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>"
        << (frame.title.empty() ? "Earshot" : html_text(frame.title))
        << "</title>\n<style>td.number, th.number { text-align: right }</style>\n";
  out << "<table>\n";
  if (!frame.title.empty() || !frame.caption.empty())
    out << "<caption>" << html_text(frame.title)
        << (frame.title.empty() || frame.caption.empty() ? "" : ". ") << html_text(frame.caption)
        << "</caption>\n";
  const auto open = [&](const char* tag, bool number) {
    return std::string("<") + tag + (number ? " class=\"number\">" : ">");
  };
  out << "<thead><tr>";
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    out << open("th", table.is_numeric(i)) << html_text(table.columns[i]) << "</th>";
  out << "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out << "<tr>";
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      out << open("td", table.is_numeric(i)) << html_cell(row.cells[i]) << "</td>";
    out << "</tr>\n";
  }
  out << "</tbody>\n</table>\n";
}

}  // namespace earshot::host
