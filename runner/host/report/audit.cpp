#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "host/analyse/text.hpp"
#include "host/report/parts.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

class Audit {
 public:
  Audit(ReportedExperiment& report, const Subject& subject, const std::vector<Verdict>& verdicts)
      : report_(report), subject_(subject), verdicts_(verdicts) {}

  void all() {
    controls();
    room_to_differ();
    untestable();
    shared_groups();
    reference_answers();
    training_data();
    add("data", report_.name, "unknown",
        "duplicate and contradictory items, equal files in different splits, and files that cannot "
        "be read are looked for by 'runner lint-data FILE.toml'");
  }

 private:
  void add(const std::string& check, const std::string& subject, const std::string& result,
           const std::string& detail) {
    report_.audit.push_back({check, subject, result, detail});
  }

  /// Whether the controls of each claim show that a difference could have been seen.
  void controls() {
    const auto& hypotheses = subject_.design.claims.hypotheses;
    if (hypotheses.empty())
      add("controls", report_.name, "unknown",
          "the experiment declares no [[hypothesis]], and with it no controls");
    for (std::size_t i = 0; i < hypotheses.size(); ++i) {
      const auto& claim = hypotheses[i];
      if (claim.positive_control.empty() || claim.blind_control.empty()) {
        add("controls", claim.name, "unknown",
            "without both a positive_control and a blind_control, nothing shows whether a "
            "difference could have been seen");
        continue;
      }
      std::size_t failed = 0;
      for (const auto& part : verdicts_[i].parts)
        if (part.reason.starts_with("the positive control")) {
          ++failed;
          add("controls", claim.name + (part.label.empty() ? "" : ": " + part.label), "failed",
              part.reason);
        }
      if (failed == 0)
        add("controls", claim.name, "passed",
            "the positive control " + claim.positive_control + " beats the blind " +
                claim.blind_control + " wherever the claim could be tested");
    }
  }

  /// The scores of encoders that are no controls.
  std::vector<const ReportedScore*> contenders(std::size_t column) const {
    std::vector<const ReportedScore*> scores;
    for (const auto& score : report_.scores)
      if (score.column == column && score.value && report_.rows[score.row].control.empty())
        scores.push_back(&score);
    return scores;
  }

  /// Tasks whose scores are all at the top, or none above a constant answer.
  void room_to_differ() {
    for (std::size_t i = 0; i < report_.columns.size(); ++i) {
      const auto& column = report_.columns[i];
      const auto scores = contenders(i);
      if (scores.empty()) continue;
      const auto [low, high] =
          std::minmax_element(scores.begin(), scores.end(),
                              [](const auto* a, const auto* b) { return *a->value < *b->value; });
      Difference ends{.unit = column.unit, .higher_is_better = column.higher_is_better};
      ends.base = *(*low)->value;
      ends.candidate = *(*high)->value;
      const auto range = number_text(ends.base) + " to " + number_text(ends.candidate);
      const auto constant = column.majority ? column.majority : column.chance;
      const auto best = column.higher_is_better ? ends.candidate : ends.base;
      if (saturated(ends))
        add("room to differ", column.label, "failed",
            "saturated: all encoders are above 97 % (" + range + ")");
      else if (constant && column.higher_is_better && best <= *constant)
        add("room to differ", column.label, "failed",
            "no encoder (" + range + ") is above the constant answer (" + number_text(*constant) +
                ")");
      else
        add("room to differ", column.label, "passed",
            column.metric + " " + range +
                (constant ? ", constant answer " + number_text(*constant) : ""));
    }
  }

  /// Comparisons that decide nothing, by the reason.
  void untestable() {
    std::map<std::string, std::pair<std::size_t, std::string>> reasons;
    for (const auto& line : report_.comparison.lines) {
      if (line.low) continue;
      auto& [count, first] = reasons[line.note.empty() ? "no interval" : line.note];
      if (count++ == 0) first = line.candidate + (line.label.empty() ? "" : " in " + line.label);
    }
    for (const auto& [reason, found] : reasons)
      add("untestable",
          found.second +
              (found.first > 1 ? " and " + std::to_string(found.first - 1) + " more" : ""),
          "failed", reason);
    if (reasons.empty() && !report_.comparison.lines.empty())
      add("untestable", report_.name, "passed", "every comparison has an interval");
  }

  /// Groups, such as clips or speakers, that test items share with items that are not tested: a
  /// score may rest on recognising them.
  void shared_groups() {
    std::map<std::pair<std::int64_t, std::int64_t>, const DesignCell*> runs;  // dataset and fold
    for (const auto& cell : subject_.design.cells)
      if (cell.run != 0) runs.emplace(std::pair(cell.dataset_id, cell.fold), &cell);
    std::map<std::pair<std::string, std::string>, std::pair<std::int64_t, std::int64_t>> found;
    std::set<std::string> untrained;
    for (const auto& [key, cell] : runs) {
      const auto own = cell->axes.find("dataset");
      const auto name = own == cell->axes.end() ? report_.name : own->second;
      const auto items = subject_.observations.items(key.first);
      std::vector<bool> tested(items.size());
      for (const auto item : subject_.observations.predicted(cell->run))
        if (static_cast<std::size_t>(item) < tested.size())
          tested[static_cast<std::size_t>(item)] = true;
      std::set<std::pair<std::string, std::string>> others;
      bool other_items = false;
      for (std::size_t i = 0; i < items.size(); ++i)
        if (!tested[i]) {
          other_items = true;
          others.insert(items[i].groups.begin(), items[i].groups.end());
        }
      if (!other_items) untrained.insert(name);
      for (std::size_t i = 0; other_items && i < items.size(); ++i)
        for (const auto& group : items[i].groups)
          if (tested[i]) {
            auto& [all, shared] = found[{name, group.first}];
            ++all;
            shared += others.contains({group.first, group.second});
          }
    }
    for (const auto& [key, counts] : found)
      add("shared groups", key.first + ": " + key.second, counts.second == 0 ? "passed" : "look",
          std::to_string(counts.second) + " of " + std::to_string(counts.first) +
              " test items share their " + key.second + " with items outside of the test");
    for (const auto& name : untrained)
      add("shared groups", name, "passed", "all items are tested, none is left to train on");
  }

  /// Where the right answers come from. A model may know the text that they were made from.
  void reference_answers() {
    std::set<std::string> declared;
    for (const auto& origins : answer_origins(subject_.store, subject_.revision)) {
      const auto lines = provenance_lines({}, {origins});
      if (lines.empty()) continue;
      declared.insert(origins.dataset);
      add("reference answers", origins.dataset,
          origins.items.contains("caption") ? "look" : "passed", lines.front());
    }
    std::set<std::string> asked;
    for (const auto& cell : subject_.design.cells)
      if (const auto own = cell.axes.find("dataset");
          own != cell.axes.end() && cell.target.empty() && cell.axes.contains("language_model"))
        asked.insert(own->second);
    for (const auto& dataset : asked)
      if (!declared.contains(dataset))
        add("reference answers", dataset, "unknown",
            "the dataset does not say where its answers come from");
  }

  /// Whether encoders were trained on what they are tested on.
  void training_data() {
    for (const auto& known : encoder_weights(subject_.store, subject_.revision)) {
      const bool stated = !known.pretrain_data.is_null();
      add("training data", known.encoder,
          !known.in_domain.empty() ? "look"
          : stated                 ? "passed"
                                   : "unknown",
          provenance_lines({known}, {}).front());
    }
  }

  ReportedExperiment& report_;
  const Subject& subject_;
  const std::vector<Verdict>& verdicts_;
};

}  // namespace

void add_audit(ReportedExperiment& report, const Subject& subject,
               const std::vector<Verdict>& verdicts) {
  Audit(report, subject, verdicts).all();
}

}  // namespace earshot::host
