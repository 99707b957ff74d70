#include "worker/dataset/lint.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <earshot/kit/names.hpp>
#include <earshot/kit/questions.hpp>

#include "protocol/nearest.hpp"

namespace earshot::worker {

namespace {

using Texts = std::vector<std::string>;

const std::vector<std::pair<const char*, const char*>> known_checks = {
    {"missing_audio", "audio files that are not there"},
    {"no_audio", "items without a clip"},
    {"missing_second_clip", "comparisons of two clips with one"},
    {"empty_question", "questions without text"},
    {"empty_answer", "questions without an answer, or with an empty one"},
    {"answer_not_among_choices", "questions whose answer is no choice"},
    {"no_choices", "questions of multiple choice with fewer than two"},
    {"duplicate_choices", "questions with a choice twice"},
    {"duplicate_ids", "items with the id of another"},
    {"duplicates", "items that say the same of the same clips as another"},
    {"contradictions", "items that say otherwise of the same clips than another"},
    {"shared_audio", "audio files in more than one split or fold"},
    {"refused", "other items that a run refuses"},
};

/// The part of the data that an item belongs to: its fold, or else its split.
std::int64_t part_of(const Item& item) {
  return item.fold > 0 ? 2 + item.fold : static_cast<std::int64_t>(item.split);
}

Texts plain(const Texts& texts) {
  Texts result;
  for (const auto& text : texts)
    result.push_back(kit::lower_case(kit::trimmed(text)));
  std::sort(result.begin(), result.end());
  return result;
}

bool has_twice(const Texts& texts) {
  const auto sorted = plain(texts);
  return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
}

/// What is asked of which clips, as bytes; "" where it cannot be known: of synthesized clips.
std::string question_key(const Item& item, FileNumbers& numbers) {
  Item asked{.clips = item.clips};
  for (const auto& clip : item.clips)
    if (clip.file.empty() && clip.shared < 0) return {};
  if (item.question)
    asked.question = Question{.text = kit::lower_case(kit::trimmed(item.question->text)),
                              .choices = plain(item.question->choices)};
  std::string key;
  append_record(asked, numbers, key);
  return key;
}

/// Whether other answers than these contradict them: they are choices, or short. Two captions of a
/// clip do not.
bool closed(const Question& question) {
  return !question.choices.empty() ||
         std::all_of(question.answers.begin(), question.answers.end(), [](const auto& answer) {
           return std::count(answer.begin(), answer.end(), ' ') < 3;
         });
}

enum class Relation { none, same, contradicts };

Relation relation(const Item& a, const Item& b) {
  if (a.question && b.question) {
    const auto x = plain(a.question->answers), y = plain(b.question->answers);
    if (x == y) return Relation::same;
    const bool common = std::any_of(x.begin(), x.end(), [&](const auto& text) {
      return std::binary_search(y.begin(), y.end(), text);
    });
    return !common && closed(*a.question) && closed(*b.question) ? Relation::contradicts
                                                                 : Relation::none;
  }
  if (a.labels == b.labels) return Relation::same;
  for (const auto& [name, label] : a.labels)
    if (const auto other = b.labels.find(name); other != b.labels.end() && other->second != label)
      return Relation::contradicts;
  return Relation::none;
}

std::string quoted(const std::string& text) {
  constexpr std::size_t longest = 100;
  return "'" + (text.size() > longest ? text.substr(0, longest) + "..." : text) + "'";
}

}  // namespace

Lint::Lint(const Dataset& dataset, std::size_t examples)
    : dataset_(dataset), kept_(examples), labels_(dataset.labels()) {
  check_labels(labels_);
  for (const auto& [name, meaning] : known_checks)
    checks_.push_back({name, meaning});
}

void Lint::report(const std::string& check, const std::string& example) {
  auto found = std::find_if(checks_.begin(), checks_.end(),
                            [&](const auto& known) { return known.check == check; });
  if (found == checks_.end())
    found = checks_.insert(checks_.end() - 1,  // before `refused`
                           {check, "groups '" + check.substr(check.find('_') + 1) +
                                       "' in more than one split or fold"});
  ++found->found;
  if (found->examples.size() < kept_) found->examples.push_back(example);
}

void Lint::add(const Item& item, std::int64_t index) {
  const auto found = [&] {
    std::int64_t sum = 0;
    for (const auto& check : checks_)
      sum += check.found;
    return sum;
  };
  const auto before = found();
  if (item.clips.empty()) report("no_audio", item.id);
  if (item.question) check_question(item);
  if (found() == before) {
    try {
      check_item(item, index, labels_);
    } catch (const ContractError& error) {
      report("refused", error.what());
    }
  }
  check_audio(item, index);
  check_groups(item, index);
  compare_with_others(item, index);
}

void Lint::check_question(const Item& item) {
  const auto& question = *item.question;
  const auto& choices = question.choices;
  const auto example = [&](const std::string& rest) {
    return item.id + ": " + quoted(question.text) + rest;
  };
  if (kit::trimmed(question.text).empty()) report("empty_question", item.id);
  const auto& answers = question.answers;
  const bool blank = std::any_of(answers.begin(), answers.end(),
                                 [](const auto& text) { return kit::trimmed(text).empty(); });
  if (answers.empty() || blank) report("empty_answer", example(""));
  const auto format = item.slices.find("format");
  const auto is = [&](const char* name) {
    return format != item.slices.end() && format->second == name;
  };
  if (is("compare") && item.clips.size() == 1) report("missing_second_clip", example(""));
  if (is("multiple_choice") && choices.size() < 2) report("no_choices", example(""));
  if (choices.empty()) return;
  if (has_twice(choices))
    report("duplicate_choices", example(", choices " + protocol::join(choices, true)));
  for (const auto& answer : answers)
    if (std::find(choices.begin(), choices.end(), answer) == choices.end()) {
      report("answer_not_among_choices",
             example(", answer " + quoted(answer) + ", choices " + protocol::join(choices, true)));
      break;
    }
}

void Lint::use(Use& first, bool fresh, const Item& item, std::int64_t index,
               const std::string& check, const std::string& what) {
  const auto part = part_of(item);
  if (fresh) {
    first = {part, index};
  } else if (first.part != part && !first.reported) {
    first.reported = true;
    report(check, what + ": " + dataset_.item(first.item).id + " and " + item.id);
  }
}

void Lint::check_audio(const Item& item, std::int64_t index) {
  for (const auto& clip : item.clips) {
    if (clip.file.empty()) continue;
    const auto known = numbers_.count();
    const auto number = numbers_.of(clip.file);
    const bool fresh = number == known;
    if (fresh) {
      file_uses_.emplace_back();
      std::error_code ignored;
      if (std::filesystem::is_regular_file(clip.file, ignored))
        files_.push_back({std::filesystem::absolute(clip.file).string(), part_of(item)});
      else
        report("missing_audio", clip.file.string());
    }
    use(file_uses_[static_cast<std::size_t>(number)], fresh, item, index, "shared_audio",
        clip.file.string());
  }
}

void Lint::check_groups(const Item& item, std::int64_t index) {
  for (const auto& [dimension, group] : item.groups) {
    const auto [found, fresh] = groups_[dimension].try_emplace(group);
    use(found->second, fresh, item, index, "shared_" + dimension, group);
  }
}

void Lint::compare_with_others(const Item& item, std::int64_t index) {
  const auto hash = std::hash<std::string>();
  const auto [same_id, new_id] = ids_.try_emplace(hash(item.id), index);
  if (!new_id && dataset_.item(same_id->second).id == item.id)
    report("duplicate_ids", "'" + item.id + "': items " + std::to_string(same_id->second) +
                                " and " + std::to_string(index));
  const auto key = question_key(item, numbers_);
  if (key.empty() || (!item.question && item.labels.empty())) return;
  const auto [known, fresh] = questions_.try_emplace(hash(key), index);
  if (fresh) return;
  const auto other = dataset_.item(known->second);
  if (question_key(other, numbers_) != key) return;
  const auto both = other.id + " and " + item.id;
  const auto text = item.question ? ": " + quoted(item.question->text) : "";
  const auto related = relation(other, item);
  if (related == Relation::same) report("duplicates", both + text);
  if (related == Relation::contradicts)
    report("contradictions",
           both + text +
               (item.question ? ": " + protocol::join(other.question->answers, true) + " and " +
                                    protocol::join(item.question->answers, true)
                              : ": other labels"));
}

std::vector<protocol::LintCheck> Lint::checks() const {
  return checks_;
}

}  // namespace earshot::worker
