#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "host/analyse/compare.hpp"
#include "host/base/document_table.hpp"

namespace earshot::host {

/// Longer reasons for a missing interval are printed below the table.
constexpr std::size_t longest_reason = 45;

/// Columns and cells of one table of a comparison, for people. Some columns are shown only if they
/// distinguish lines. The comparison must outlive it.
class Layout {
 public:
  /// @param table  index in Comparison::by
  Layout(const Comparison& comparison, std::size_t table);

  const std::vector<const ComparedLine*>& lines() const { return lines_; }

  std::string title() const;
  /// For a table that stands alone: n, seeds, the test, and the marks that it has.
  std::string caption() const;
  std::vector<std::string> columns() const;
  /// @param above  the line above it, whose labels are not repeated; or null
  std::vector<std::string> cells(const ComparedLine& line, const ComparedLine* above) const;
  /// Index of the first column of numbers.
  std::size_t numbers_from() const;

  /// How the line's numbers stand, by column: the better value of a supported difference, both
  /// values of one that is not supported, the difference if it has no interval.
  std::vector<Standing> standings(const ComparedLine& line) const;

  /// What distinguishes the line from the others, for notes.
  std::string name(const ComparedLine& line) const;
  /// The same with every label, for the names of macros; they begin with macros().
  std::string full_name(const ComparedLine& line) const;
  std::string macros() const;

 private:
  std::vector<std::string> leading() const;
  std::vector<std::string> labels(const ComparedLine& line) const;
  bool gaps() const { return !comparison_.interaction.empty(); }
  std::string left() const { return gaps() ? "at " + comparison_.against : comparison_.base; }
  std::string right() const { return gaps() ? "here" : "value"; }
  std::string value_text(double value) const;
  std::string unit() const;

  const Comparison& comparison_;
  std::vector<const ComparedLine*> lines_{};
  std::string one_metric_{}, one_average_{};
  bool averages_differ_ = false;
  std::vector<std::string> dimensions_{};
};

/// Number of lines that have an interval, over which p-values are adjusted.
std::size_t tested_lines(const Comparison& comparison);

}  // namespace earshot::host
