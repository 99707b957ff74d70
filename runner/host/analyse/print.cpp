#include <algorithm>
#include <ostream>
#include <set>

#include "host/analyse/compare.hpp"
#include "host/analyse/text.hpp"
#include "host/base/table.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

using Texts = std::vector<std::string>;

/// Longer reasons for a missing interval are printed below the table.
constexpr std::size_t longest_reason = 45;

/// Columns of one table; some are shown only if they distinguish lines.
class Layout {
 public:
  Layout(const Comparison& comparison, std::size_t table) : comparison_(comparison) {
    std::set<std::string> metrics, averages;
    for (const auto& line : comparison.lines) {
      if (line.by != table) continue;
      lines_.push_back(&line);
      metrics.insert(line.difference.metric);
      averages.insert(line.averaged);
    }
    one_metric_ = metrics.size() == 1 ? *metrics.begin() : "";
    one_average_ = averages.size() == 1 ? *averages.begin() : "";
    averages_differ_ = averages.size() > 1;
    dimensions_ = comparison.by[table];
  }

  const std::vector<const ComparedLine*>& lines() const { return lines_; }

  std::string title() const {
    const auto& base = comparison_.base;
    auto text = comparison_.experiment + ": ";
    if (comparison_.axis.empty())
      text = comparison_.experiment + ", against " + base;
    else if (comparison_.interaction.empty())
      text += comparison_.axis + ", each against " + base;
    else
      text += "how the difference of each " + comparison_.axis + " from " + base + " depends on " +
              comparison_.interaction + ", each against " + comparison_.against;
    if (!one_metric_.empty()) text += " (" + one_metric_ + unit() + ")";
    if (!one_average_.empty()) text += ", " + one_average_;
    if (!comparison_.condition_on.empty())
      text += "; intervals for these groups only: " + protocol::join(comparison_.condition_on);
    return text;
  }

  Texts columns() const {
    auto columns = leading();
    if (!comparison_.axis.empty()) columns.push_back(comparison_.axis);
    for (const auto& name :
         {std::string("items"), std::string("seeds"), left(), right(), std::string("difference"),
          std::string("95 % interval"), std::string("p"), std::string("")})
      columns.push_back(name);
    return columns;
  }

  Texts cells(const ComparedLine& line, const ComparedLine* above) const {
    auto cells = labels(line);
    if (above != nullptr) {
      const auto before = labels(*above);
      for (std::size_t i = 0; i < cells.size() && cells[i] == before[i]; ++i)
        cells[i].clear();
    }
    const auto& difference = line.difference;
    const auto& interval = difference.interval;
    if (!comparison_.axis.empty()) cells.push_back(line.candidate);
    auto range = interval_text(interval);
    if (!interval.defined() && range.size() > longest_reason) range = "none, see below";
    const bool better = difference.gain() > 0;
    for (const auto& text : {std::to_string(difference.items), std::to_string(difference.seeds),
                             value_text(difference.base), value_text(difference.candidate),
                             signed_text(interval.estimate), range,
                             interval.defined() ? p_text(line.p_adjusted) : std::string("-"),
                             std::string(!line.significant() ? ""
                                         : better            ? "better"
                                                             : "worse")})
      cells.push_back(text);
    return cells;
  }

  /// What distinguishes the line from the others, for notes.
  std::string name(const ComparedLine& line) const {
    Texts parts;
    if (!line.title.empty()) parts.push_back(line.title);
    for (const auto& slice : line.slices)
      parts.push_back(slice.name);
    if (!line.level.empty()) parts.push_back(line.level);
    if (!comparison_.axis.empty()) parts.push_back(line.candidate);
    return protocol::join(parts);
  }

 private:
  Texts leading() const {
    auto columns = comparison_.columns;
    columns.insert(columns.end(), dimensions_.begin(), dimensions_.end());
    if (one_metric_.empty()) columns.emplace_back("metric");
    if (averages_differ_) columns.emplace_back("mean over");
    if (!comparison_.interaction.empty()) columns.push_back(comparison_.interaction);
    return columns;
  }

  Texts labels(const ComparedLine& line) const {
    Texts labels;
    for (const auto& axis : comparison_.columns) {
      const auto own = line.condition.find(axis);
      labels.push_back(own == line.condition.end() ? "" : own->second);
    }
    for (std::size_t i = 0; i < dimensions_.size(); ++i)
      labels.push_back(i < line.slices.size() ? line.slices[i].name : "");
    if (one_metric_.empty()) labels.push_back(line.difference.metric);
    if (averages_differ_) labels.push_back(line.averaged);
    if (!comparison_.interaction.empty()) labels.push_back(line.level);
    return labels;
  }

  bool gaps() const { return !comparison_.interaction.empty(); }
  std::string left() const { return gaps() ? "at " + comparison_.against : comparison_.base; }
  std::string right() const { return gaps() ? "here" : "value"; }
  std::string value_text(double value) const {
    return gaps() ? signed_text(value) : number_text(value);
  }

  std::string unit() const {
    for (const auto* line : lines_)
      if (!line->difference.unit.empty()) return ", " + line->difference.unit;
    return "";
  }

  const Comparison& comparison_;
  std::vector<const ComparedLine*> lines_{};
  std::string one_metric_{}, one_average_{};
  bool averages_differ_ = false;
  Texts dimensions_{};
};

void print_markdown_row(std::ostream& out, const Texts& cells) {
  out << '|';
  for (auto cell : cells) {
    for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2)
      cell.insert(at, "\\");
    out << ' ' << cell << " |";
  }
  out << '\n';
}

void print_table(std::ostream& out, const Layout& layout, bool markdown, std::size_t width) {
  out << (markdown ? "**" : "") << layout.title() << (markdown ? "**" : "") << "\n\n";
  const auto columns = layout.columns();
  TableWriter table(out, columns, Format::table, width);
  if (markdown) {
    print_markdown_row(out, columns);
    print_markdown_row(out, Texts(columns.size(), "---"));
  }
  const ComparedLine* above = nullptr;
  for (const auto* line : layout.lines()) {
    const auto cells = layout.cells(*line, above);
    if (markdown)
      print_markdown_row(out, cells);
    else
      table.row({cells.begin(), cells.end()});
    above = line;
  }
  if (!markdown) table.finish();
}

Texts notes_of(const ComparedLine& line) {
  const auto& difference = line.difference;
  auto notes = difference.notes;
  const auto& why = difference.interval.missing;
  const bool scored = why.starts_with("scored ");
  if (why.size() > longest_reason || scored) notes.insert(notes.begin(), why);
  if (scored) notes[0] += "; --allow-different-scoring compares them anyway";
  if (difference.missing > 0)
    notes.push_back(count_text(difference.missing, "pair") + " of runs missing");
  return notes;
}

/// Prints each note once, with the lines that it is about.
void print_notes(std::ostream& out, const Comparison& comparison,
                 const std::vector<Layout>& layouts) {
  std::vector<std::pair<std::string, Texts>> notes;
  for (const auto& layout : layouts)
    for (const auto* line : layout.lines())
      for (const auto& text : notes_of(*line)) {
        auto known = std::find_if(notes.begin(), notes.end(),
                                  [&](const auto& note) { return note.first == text; });
        if (known == notes.end()) known = notes.insert(notes.end(), {text, {}});
        const auto name = layout.name(*line);
        if (std::find(known->second.begin(), known->second.end(), name) == known->second.end())
          known->second.push_back(name);
      }
  constexpr std::size_t most = 3;
  for (auto& [text, names] : notes) {
    const auto count = names.size();
    if (count > 1 && count == comparison.lines.size()) {
      out << "all lines: " << text << '\n';
      continue;
    }
    if (count > most) names.resize(most);
    for (std::size_t i = 0; i < names.size(); ++i)
      out << (i > 0 ? "; " : "") << names[i];
    if (count > most) out << " and " << count - most << " more";
    out << ": " << text << '\n';
  }
  for (const auto& remark : comparison.remarks)
    out << remark << '\n';
  if (!notes.empty() || !comparison.remarks.empty()) out << '\n';
}

}  // namespace

void print(std::ostream& out, const Comparison& comparison, bool markdown, std::size_t width) {
  const auto& lines = comparison.lines;
  if (lines.empty()) {
    out << comparison.experiment << ": nothing to compare with '" << comparison.base << "'"
        << (comparison.axis.empty()
                ? std::string()
                : "; no other value of '" + comparison.axis + "' has cells to pair with it")
        << '\n';
    for (const auto& remark : comparison.remarks)
      out << remark << '\n';
  } else {
    std::vector<Layout> layouts;
    for (std::size_t table = 0; table < comparison.by.size(); ++table) {
      layouts.emplace_back(comparison, table);
      if (layouts.back().lines().empty()) continue;
      if (table > 0) out << '\n';
      print_table(out, layouts.back(), markdown, width);
    }
    const auto tested = std::count_if(lines.begin(), lines.end(), [](const ComparedLine& line) {
      return line.difference.interval.defined();
    });
    out << "\n\"better\", \"worse\": the 95 % interval excludes 0, and p is below 0.05 "
           "(Benjamini-Hochberg over\n"
        << count_text(tested, "comparison")
        << "). Exploratory: only hypotheses stated in the experiment file are confirmatory.\n\n";
    print_notes(out, comparison, layouts);
  }
  for (const auto& line : comparison.provenance)
    out << line << '\n';
  if (!comparison.provenance.empty()) out << '\n';
  for (const auto& line : lines_of(comparison.verdicts))
    out << line << '\n';
  out << std::flush;
}

}  // namespace earshot::host
