#include <algorithm>
#include <ostream>
#include <set>

#include "host/analyse/compare.hpp"
#include "host/analyse/text.hpp"
#include "host/base/table.hpp"

namespace earshot::host {
namespace {

/// Columns of the table; some only where they tell lines apart.
class Layout {
 public:
  explicit Layout(const Comparison& comparison) : comparison_(comparison) {
    std::set<std::string> metrics;
    for (const auto& line : comparison.lines)
      metrics.insert(line.difference.metric);
    one_metric_ = metrics.size() == 1 ? *metrics.begin() : "";
    by_slice_ = comparison.by != "task";
  }

  std::string title() const {
    return comparison_.experiment + ": " + comparison_.axis + ", each against " + comparison_.base +
           (one_metric_.empty() ? "" : " (" + one_metric_ + unit() + ")");
  }

  std::vector<std::string> columns() const {
    std::vector<std::string> columns{"task"};
    if (by_slice_) columns.push_back(comparison_.by);
    if (one_metric_.empty()) columns.push_back("metric");
    for (const auto& name : {comparison_.axis, std::string("items"), std::string("seeds"),
                             comparison_.base, std::string("value"), std::string("difference"),
                             std::string("95 % interval"), std::string("p"), std::string("")})
      columns.push_back(name);
    return columns;
  }

  std::vector<std::string> cells(const ComparedLine& line, const ComparedLine* above) const {
    const auto& difference = line.difference;
    const auto slice = line.slices.empty() ? "" : line.slices.front().name;
    const bool same_task = above != nullptr && above->condition == line.condition;
    const bool same_slice = same_task && (line.slices.empty() ||
                                          above->slices.front().name == line.slices.front().name);
    std::vector<std::string> cells{same_task ? "" : line.condition};
    if (by_slice_) cells.push_back(same_slice ? "" : slice);
    if (one_metric_.empty()) cells.push_back(same_slice ? "" : difference.metric);
    const auto& interval = difference.interval;
    const bool better = difference.gain() > 0;
    for (const auto& text :
         {line.candidate, std::to_string(difference.items), std::to_string(difference.seeds),
          number_text(difference.base), number_text(difference.candidate),
          signed_text(interval.estimate), interval_text(interval),
          interval.defined() ? p_text(line.p_adjusted) : std::string("-"),
          std::string(!line.significant() ? ""
                      : better            ? "better"
                                          : "worse")})
      cells.push_back(text);
    return cells;
  }

 private:
  std::string unit() const {
    for (const auto& line : comparison_.lines)
      if (!line.difference.unit.empty()) return ", " + line.difference.unit;
    return "";
  }

  const Comparison& comparison_;
  std::string one_metric_{};
  bool by_slice_ = false;
};

void print_markdown_row(std::ostream& out, const std::vector<std::string>& cells) {
  out << '|';
  for (auto cell : cells) {
    for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2)
      cell.insert(at, "\\");
    out << ' ' << cell << " |";
  }
  out << '\n';
}

void print_table(std::ostream& out, const Comparison& comparison, bool markdown) {
  const Layout layout(comparison);
  out << (markdown ? "**" : "") << layout.title() << (markdown ? "**" : "") << "\n\n";
  const auto columns = layout.columns();
  TableWriter table(out, columns, Format::table);
  if (markdown) {
    print_markdown_row(out, columns);
    print_markdown_row(out, std::vector<std::string>(columns.size(), "---"));
  }
  const ComparedLine* above = nullptr;
  for (const auto& line : comparison.lines) {
    const auto cells = layout.cells(line, above);
    if (markdown)
      print_markdown_row(out, cells);
    else
      table.row({cells.begin(), cells.end()});
    above = &line;
  }
  if (!markdown) table.finish();
}

void print_notes(std::ostream& out, const Comparison& comparison) {
  std::vector<std::string> notes;
  for (const auto& line : comparison.lines) {
    auto own = line.difference.notes;
    if (line.difference.missing > 0)
      own.push_back(count_text(line.difference.missing, "pair") + " of runs missing");
    for (const auto& note : own) {
      const auto text = line.condition + ", " + line.candidate + ": " + note;
      if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(text);
    }
  }
  for (const auto& note : notes)
    out << note << '\n';
  if (!notes.empty()) out << '\n';
}

}  // namespace

void print(std::ostream& out, const Comparison& comparison, bool markdown) {
  const auto& lines = comparison.lines;
  if (lines.empty()) {
    out << comparison.experiment << ": nothing to compare with '" << comparison.base
        << "'; no other value of '" << comparison.axis << "' has cells beside it\n";
  } else {
    print_table(out, comparison, markdown);
    const auto tested = std::count_if(lines.begin(), lines.end(), [](const ComparedLine& line) {
      return line.difference.interval.defined();
    });
    out << "\nbetter, worse: the interval leaves out 0, and p is below 0.05 (adjusted after\n"
           "Benjamini and Hochberg over "
        << count_text(tested, "difference")
        << "). Exploratory: only claims made in advance are tested.\n\n";
    print_notes(out, comparison);
  }
  for (const auto& line : comparison.provenance)
    out << line << '\n';
  if (!comparison.provenance.empty()) out << '\n';
  for (const auto& verdict : comparison.verdicts)
    out << verdict.sentence << '\n';
  out << std::flush;
}

}  // namespace earshot::host
