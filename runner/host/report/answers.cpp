#include "host/report/answers.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "host/base/plain_text.hpp"
#include "host/report/places.hpp"
#include "host/store/experiment_design.hpp"
#include "host/store/exports.hpp"
#include "host/store/predictions.hpp"

namespace earshot::host {

/// What one run said about an item.
struct SaidOfItem {
  std::int64_t text = -1, output = -1;  ///< index of the texts; -1: none
  char right = ' ';                     ///< '1', '0', or ' ' if that is not defined
  OrNull<double> score{}, of_truth{};   ///< of its answer and of the right one
};

/// An item, as the view `answer` has it.
struct AskedItem {
  std::string id{}, question{}, truth{}, choices{}, slices{};  ///< the last two as JSON
};

namespace {

/// A text, or its beginning and end.
std::string bounded(std::string text, std::size_t most) {
  return text.size() <= most ? std::move(text) : short_text(text, most);
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : value.dump();
}

/// A row that says whether an answer is right.
struct Judged {
  std::int64_t item = 0;
  AskedItem asked{};
  std::string answer{}, spoken{};
  std::vector<std::string> classes{};
  char right = ' ';
  OrNull<double> score{}, of_truth{};
};

OrNull<double> score_of_class(const ExportedPrediction& prediction, const std::string& name) {
  const auto& known = prediction.scored;
  const auto place =
      static_cast<std::size_t>(std::find(known.begin(), known.end(), name) - known.begin());
  if (place >= prediction.scores.size()) return {};
  return finite(double{prediction.scores[place]});
}

/// The rows of cells that have a truth and are right or wrong.
class JudgedRows {
 public:
  JudgedRows(const Store& store, const std::string& experiment, std::int64_t one_in)
      : predictions_(ExportedPredictions::of_cells(store, experiment)), one_in_(one_in) {
    const auto names = predictions_.columns();
    for (std::size_t i = 0; i < names.size(); ++i)
      columns_.emplace(names[i], i);
  }

  void choose(std::int64_t position) { predictions_.choose(position, one_in_); }

  bool next(Judged& judged) {
    while (predictions_.next(row_)) {
      const auto& correct = row_.values[columns_.at("correct")];
      auto truth = text("gold");
      if (!correct.is_number() || truth.empty()) continue;
      judged.item = row_.values[columns_.at("position")].get<std::int64_t>();
      judged.answer = text("value");
      judged.spoken = text("output");
      judged.classes = row_.scored;
      judged.right = correct == 1 ? '1' : correct == 0 ? '0' : ' ';
      judged.score = score_of_class(row_, judged.answer);
      judged.of_truth = score_of_class(row_, truth);
      judged.asked = {.id = text("item"),
                      .question = text("question"),
                      .truth = std::move(truth),
                      .choices = text("choices"),
                      .slices = text("slices")};
      return true;
    }
    return false;
  }

 private:
  std::string text(const char* column) const { return text_of(row_.values[columns_.at(column)]); }

  ExportedPredictions predictions_;
  std::int64_t one_in_;
  ExportedPrediction row_{};
  std::map<std::string, std::size_t> columns_{};
};

/// Counts right answers by what was said.
class Confusion {
 public:
  void count(const std::string& truth, const std::string& said,
             const std::vector<std::string>& classes) {
    ++counts_[{truth, said}];
    ++seen_[truth];
    seen_[said] += 0;
    if (known_.empty()) known_ = classes;
  }

  /// Fills in classes and counts. Classes are in the order of the label's, others by name.
  void describe(ReportedConfusion& table, std::size_t most, std::size_t most_text) const {
    std::vector<std::pair<std::string, std::int64_t>> names(seen_.begin(), seen_.end());
    if (names.size() > most) {
      std::stable_sort(names.begin(), names.end(),
                       [](const auto& a, const auto& b) { return a.second > b.second; });
      names.resize(most);
    }
    const auto rank = [&](const auto& name) {
      return std::pair(std::find(known_.begin(), known_.end(), name.first) - known_.begin(),
                       name.first);
    };
    std::sort(names.begin(), names.end(),
              [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    std::map<std::string, std::int64_t> places;
    for (const auto& [name, seen] : names) {
      places.emplace(name, std::ssize(table.classes));
      table.classes.push_back(bounded(name, most_text));
    }
    table.others = std::ssize(seen_) - std::ssize(names);
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> cells;
    const auto place = [&](const std::string& name) {
      const auto found = places.find(name);
      return found == places.end() ? std::ssize(table.classes) : found->second;
    };
    for (const auto& [names_of, count] : counts_)
      cells[{place(names_of.first), place(names_of.second)}] += count;
    for (const auto& [at, count] : cells)
      table.counts.push_back({at.first, at.second, count});
  }

 private:
  std::map<std::pair<std::string, std::string>, std::int64_t> counts_{};
  std::map<std::string, std::int64_t> seen_{};
  std::vector<std::string> known_{};
};

}  // namespace

/// Sides that answered the same questions: those of a dataset and label.
struct AnswersOfPage::Block {
  struct Side {
    std::size_t experiment = 0, row = 0, column = 0;
    std::int64_t seed = 0;
    std::map<std::int64_t, SaidOfItem> said{};  ///< by item
  };
  std::string dataset{}, dataset_key{};
  std::vector<Side> sides{};
  std::size_t found = 0;  ///< number of sides; more if some are left out
  std::map<std::int64_t, AskedItem> items{};
  std::vector<std::string> texts{};
  std::map<std::string, std::int64_t> indices{};

  std::int64_t index_of(const std::string& text) {
    if (text.empty()) return -1;
    const auto [place, fresh] = indices.try_emplace(text, std::ssize(texts));
    if (fresh) texts.push_back(text);
    return place->second;
  }

  void add(Side& side, Judged judged) {
    const bool read = !judged.answer.empty();
    side.said.emplace(
        judged.item,
        SaidOfItem{.text = index_of(read ? judged.answer : judged.spoken),
                   .output = read && judged.spoken != judged.answer ? index_of(judged.spoken) : -1,
                   .right = judged.right,
                   .score = judged.score,
                   .of_truth = judged.of_truth});
    items.try_emplace(judged.item, std::move(judged.asked));
  }

  /// Items that one side has right and another wrong.
  std::vector<std::int64_t> disputed() const {
    std::map<std::int64_t, std::set<char>> marks;
    for (const auto& side : sides)
      for (const auto& [item, said] : side.said)
        marks[item].insert(said.right);
    std::vector<std::int64_t> found;
    for (const auto& [item, kinds] : marks)
      if (kinds.contains('1') && kinds.contains('0')) found.push_back(item);
    return found;
  }

  ReportedAnswers reported(const std::string& target, const std::vector<std::int64_t>& kept,
                           std::size_t most_text) const;
};

namespace {

/// Texts that are used, each once, in the order of their first use.
class UsedTexts {
 public:
  UsedTexts(const std::vector<std::string>& all, std::size_t most) : all_(all), most_(most) {}
  std::int64_t use(std::int64_t index) {
    if (index < 0) return -1;
    const auto [place, fresh] = places_.try_emplace(index, std::ssize(used));
    if (fresh) used.push_back(bounded(all_[static_cast<std::size_t>(index)], most_));
    return place->second;
  }
  std::vector<std::string> used{};

 private:
  const std::vector<std::string>& all_;
  std::size_t most_;
  std::map<std::int64_t, std::int64_t> places_{};
};

ReportedItem reported_item(std::int64_t position, const AskedItem& asked, std::size_t most) {
  ReportedItem item{.position = position,
                    .id = bounded(asked.id, most),
                    .question = bounded(asked.question, most),
                    .truth = bounded(asked.truth, most)};
  const auto parsed = [](const std::string& text) {
    return text.empty() ? Json() : Json::parse(text, nullptr, false);
  };
  if (const auto choices = parsed(asked.choices); choices.is_array())
    for (const auto& choice : choices)
      item.choices.push_back(bounded(text_of(choice), most));
  if (const auto slices = parsed(asked.slices); slices.is_object())
    for (const auto& [dimension, slice] : slices.items())
      item.slices[dimension] = bounded(text_of(slice), most);
  return item;
}

}  // namespace

ReportedAnswers AnswersOfPage::Block::reported(const std::string& target,
                                               const std::vector<std::int64_t>& kept,
                                               std::size_t most_text) const {
  ReportedAnswers answers{.dataset = dataset, .target = target, .dataset_key = dataset_key};
  for (const auto item : kept)
    answers.items.push_back(reported_item(item, items.at(item), most_text));
  UsedTexts used(texts, most_text);
  for (const auto& side : sides) {
    ReportedSide own{
        .experiment = side.experiment, .row = side.row, .column = side.column, .seed = side.seed};
    bool scored = false, spoken = false;
    for (const auto item : kept) {
      const auto found = side.said.find(item);
      const auto said = found == side.said.end() ? SaidOfItem{} : found->second;
      own.said.push_back(used.use(said.text));
      own.right += said.right;
      own.scores.push_back(said.score);
      own.truth_scores.push_back(said.of_truth);
      own.outputs.push_back(used.use(said.output));
      scored = scored || said.score || said.of_truth;
      spoken = spoken || said.output >= 0;
    }
    if (!scored) own.scores.clear();
    if (!scored) own.truth_scores.clear();
    if (!spoken) own.outputs.clear();
    answers.sides.push_back(std::move(own));
  }
  answers.texts = std::move(used.used);
  return answers;
}

void AnswersOfPage::read(ReportedExperiment& report, const Subject& subject, std::size_t index) {
  const Grid grid(subject.design);
  const auto places = grid.one_seed();
  std::int64_t all = 0;
  for (const auto& [place, cells] : places)
    for (const auto* cell : cells)
      all += prediction_count(subject.store, cell->run);
  const auto one_in = std::max<std::int64_t>(1, (all + limits_.read - 1) / limits_.read);
  if (one_in > 1)
    left_out_.push_back("Of " + std::to_string(all) + " answers of '" + subject.name +
                        "', confusion tables and disagreements show those to a sample of one in " +
                        std::to_string(one_in) + " items; 'runner export " + subject.name +
                        " --predictions' writes all of them.");
  JudgedRows rows(subject.store, subject.name, one_in);
  for (const auto& [place, cells] : places) {
    const auto& first = *cells.front();
    auto& block = blocks_[{first.dataset_id, first.target}];
    if (!block) {
      block = std::make_shared<Block>();
      block->dataset_key = dataset_key(subject.store, first.dataset_id);
    }
    if (const auto own = first.axes.find("dataset"); own != first.axes.end())
      block->dataset = own->second;
    Block::Side side{
        .experiment = index, .row = place.first, .column = place.second, .seed = first.seed};
    Confusion confusion;
    Judged judged;
    for (const auto* cell : cells) {
      rows.choose(cell->position);
      while (rows.next(judged)) {
        confusion.count(judged.asked.truth, judged.answer, judged.classes);
        block->add(side, std::move(judged));
      }
    }
    if (side.said.empty()) continue;
    auto& table = report.confusions.emplace_back(
        ReportedConfusion{.row = place.first, .column = place.second, .seed = first.seed});
    confusion.describe(table, limits_.classes, limits_.text);
    ++block->found;
    if (block->sides.size() < limits_.sides) block->sides.push_back(std::move(side));
  }
}

std::vector<ReportedAnswers> AnswersOfPage::disagreements(
    std::vector<std::string>& left_out) const {
  left_out.insert(left_out.end(), left_out_.begin(), left_out_.end());
  std::size_t blocks = 0;
  for (const auto& [key, block] : blocks_)
    blocks += block->sides.size() > 1;
  std::vector<ReportedAnswers> all;
  std::size_t found = 0, shown = 0, sides = 0, sides_shown = 0;
  for (const auto& [key, block] : blocks_) {
    if (block->found < 2) continue;
    sides += block->found;
    sides_shown += block->sides.size();
    if (block->sides.size() < 2) continue;
    auto kept = block->disputed();
    const auto disputed = std::ssize(kept);
    if (disputed == 0) continue;
    // Items are left out at equal distances, so that none of the dataset's parts loses all.
    const auto most = std::max<std::size_t>(1, limits_.shown / blocks / block->sides.size());
    if (kept.size() > most) {
      std::vector<std::int64_t> some;
      for (std::size_t i = 0; i < most; ++i)
        some.push_back(kept[i * kept.size() / most]);
      kept = std::move(some);
    }
    found += static_cast<std::size_t>(disputed);
    shown += kept.size();
    all.push_back(block->reported(key.second, kept, limits_.text));
    all.back().found = disputed;
  }
  const std::string command =
      "; 'runner export EXPERIMENT --predictions' writes all answers, and 'runner query hardest' "
      "the items that most runs got wrong.";
  if (shown < found)
    left_out.push_back("Of " + std::to_string(found) + " items on which runs disagree, " +
                       std::to_string(shown) + " are on this page" + command);
  if (sides_shown < sides)
    left_out.push_back("Disagreements are looked for among " + std::to_string(sides_shown) +
                       " of " + std::to_string(sides) + " rows and columns" + command);
  return all;
}

}  // namespace earshot::host
