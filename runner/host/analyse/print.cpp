#include <algorithm>
#include <ostream>

#include "host/analyse/compare.hpp"
#include "host/analyse/layout.hpp"
#include "host/analyse/text.hpp"
#include "host/base/markup.hpp"
#include "host/base/plain_text.hpp"
#include "host/base/table.hpp"

namespace earshot::host {
namespace {

using Texts = std::vector<std::string>;

/// Sentences around the tables. A table in LaTeX is included by a paper, where only its author
/// needs them: they are comments there.
class Sentences {
 public:
  Sentences(std::ostream& out, Format format) : out_(out), format_(format) {}

  /// A sentence, or a detail of the sentence above if it begins with spaces.
  void line(const std::string& text) {
    const auto indent = text.find_first_not_of(' ');
    if (format_ == Format::latex)
      out_ << "% " << one_line(text) << '\n';
    else if (format_ == Format::html)
      out_ << "<p>" << html_text(text) << "</p>\n";
    else if (format_ == Format::markdown && indent != std::string::npos)
      out_ << text.substr(0, indent) << "- " << markdown_text(text.substr(indent)) << '\n';
    else
      out_ << plain_text(text) << '\n';
    any_ = true;
  }

  /// Ends the sentences that belong together.
  void end() {
    if (any_ && format_ != Format::html) out_ << '\n';
    any_ = false;
  }

 private:
  std::ostream& out_;
  Format format_;
  bool any_ = false;
};

void print_table(std::ostream& out, const Layout& layout, Format format, bool first,
                 std::size_t width) {
  if (format == Format::table) out << plain_text(layout.title()) << "\n\n";
  TableWriter table(out, layout.columns(), format, width);
  table.frame({layout.title(), layout.caption(), layout.macros(), first});
  const ComparedLine* above = nullptr;
  for (const auto* line : layout.lines()) {
    table.row(layout.cells(*line, above), layout.numbers_from(), layout.full_name(*line),
              layout.standings(*line));
    above = line;
  }
  table.finish();
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
void print_notes(Sentences& out, const Comparison& comparison, const std::vector<Layout>& layouts) {
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
      out.line("all lines: " + text);
      continue;
    }
    if (count > most) names.resize(most);
    std::string about;
    for (const auto& name : names)
      about += (about.empty() ? "" : "; ") + name;
    if (count > most) about += " and " + std::to_string(count - most) + " more";
    out.line(about + ": " + text);
  }
  for (const auto& remark : comparison.remarks)
    out.line(remark);
  out.end();
}

void print_tables(std::ostream& out, const Comparison& comparison, Format format,
                  std::size_t width) {
  std::vector<Layout> layouts;
  bool first = true;
  for (std::size_t table = 0; table < comparison.by.size(); ++table) {
    layouts.emplace_back(comparison, table);
    if (layouts.back().lines().empty()) continue;
    if (table > 0) out << '\n';
    print_table(out, layouts.back(), format, first, width);
    first = false;
  }
  out << '\n';
  if (format == Format::table)
    out << "\"better\", \"worse\": the 95 % interval excludes 0, and p is below 0.05 "
           "(Benjamini-Hochberg over\n"
        << count_text(static_cast<long long>(tested_lines(comparison)), "comparison")
        << "). Exploratory: only hypotheses stated in the experiment file are confirmatory.\n\n";
  Sentences notes(out, format);
  print_notes(notes, comparison, layouts);
}

}  // namespace

void print(std::ostream& out, const Comparison& comparison, Format format, std::size_t width) {
  Sentences sentences(out, format);
  if (comparison.lines.empty()) {
    sentences.line(comparison.experiment + ": nothing to compare with '" + comparison.base + "'" +
                   (comparison.axis.empty() ? std::string()
                                            : "; no other value of '" + comparison.axis +
                                                  "' has cells to pair with it"));
    for (const auto& remark : comparison.remarks)
      sentences.line(remark);
  } else {
    print_tables(out, comparison, format, width);
  }
  for (const auto& line : comparison.provenance)
    sentences.line(line);
  if (!comparison.provenance.empty()) sentences.end();
  for (const auto& line : lines_of(comparison.verdicts))
    sentences.line(line);
  out << std::flush;
}

}  // namespace earshot::host
