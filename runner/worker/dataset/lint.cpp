#include "worker/dataset/lint.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <earshot/kit/names.hpp>
#include <earshot/kit/questions.hpp>

#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"
#include "worker/dataset/unicode.hpp"

namespace earshot::worker {

namespace {

using Texts = std::vector<std::string>;

const std::vector<std::pair<const char*, const char*>> known_checks = {
    {"missing_audio", "missing audio files"},
    {"empty_audio", "audio files of 0 bytes, or Git LFS pointers"},
    {"left_out", "files and links in the dataset's folders that look like audio but are not items"},
    {"left_out_rows", "rows of the dataset's tables that are not items, as its options say"},
    {"no_audio", "items without a clip"},
    {"missing_second_clip", "comparisons of two clips with only one"},
    {"empty_question", "questions without text"},
    {"empty_answer", "questions without an answer, or with an empty one"},
    {"answer_not_among_choices", "questions whose answer is not among the choices"},
    {"no_choices", "multiple-choice questions with fewer than two choices"},
    {"duplicate_choices", "questions with a duplicate choice"},
    {"duplicate_ids", "items with a duplicate id"},
    {"absolute_ids", "ids that are absolute paths, which differ on another machine"},
    {"look_alikes", "classes, groups or slices that differ only in spaces, case or Unicode form"},
    {"list_labels", "classes that are a list written as one string"},
    {"duplicates", "items that repeat another item about the same clips"},
    {"contradictions", "items that contradict another item about the same clips"},
    {"shared_audio", "audio files in more than one split or fold"},
    {"refused", "other items that a run would refuse"},
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

/// A question with its clips as bytes; "" if unknown, for synthesized clips.
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

constexpr std::size_t longest_example = 100;

std::string quoted(const std::string& text) {
  return "'" + (text.size() > longest_example ? text.substr(0, longest_example) + "..." : text) +
         "'";
}

/// With codes for all that is not ASCII: what looks alike is told apart by them.
std::string spelt(const std::string& text) {
  auto result = protocol::Json(text).dump(-1, ' ', true, protocol::Json::error_handler_t::replace);
  if (result.size() > longest_example) result = result.substr(0, longest_example) + "...";
  return result;
}

bool is_absolute(const std::string& id) {
  const bool windows = id.size() > 2 && id[1] == ':' && (id[2] == '\\' || id[2] == '/');
  return id.starts_with('/') || windows;
}

/// Whether a file is empty, or the pointer that Git LFS keeps until the content is fetched.
bool is_empty_or_pointer(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  constexpr std::string_view pointer = "version https://git-lfs";
  if (error || size >= 1024) return false;
  std::string begin(std::min<std::size_t>(size, pointer.size()), '\0');
  std::ifstream(file, std::ios::binary).read(begin.data(), std::ssize(begin));
  return size == 0 || begin == pointer;
}

}  // namespace

Lint::Lint(const Dataset& dataset, std::size_t examples)
    : dataset_(dataset), kept_(examples), labels_(dataset.labels()), left_out_(dataset) {
  check_labels(labels_);
  for (const auto& [name, meaning] : known_checks)
    checks_.push_back({name, meaning});
  apply({"no_audio", "duplicate_ids", "absolute_ids", "refused"});
}

protocol::LintCheck& Lint::check_named(const std::string& check) {
  auto found = std::find_if(checks_.begin(), checks_.end(),
                            [&](const auto& known) { return known.check == check; });
  if (found == checks_.end())
    found = checks_.insert(checks_.end() - 1,  // before `refused`
                           {check, "groups '" + check.substr(check.find('_') + 1) +
                                       "' in more than one split or fold"});
  return *found;
}

void Lint::report(const std::string& check, const std::string& example) {
  auto& found = check_named(check);
  ++found.found;
  if (found.examples.size() < kept_) found.examples.push_back(example);
}

void Lint::report_if_alike(const std::string& kind, const std::set<std::string>& values) {
  std::unordered_map<std::string, const std::string*> first;
  for (const auto& value : values) {
    const auto [other, fresh] = first.try_emplace(appearance(value), &value);
    if (!fresh) report("look_alikes", kind + ": " + spelt(*other->second) + " and " + spelt(value));
  }
}

void Lint::check_classes() {
  for (const auto& label : labels_) {
    report_if_alike("label '" + label.name + "'", {label.classes.begin(), label.classes.end()});
    for (const auto& name : label.classes) {
      const bool list = name.size() > 2 && name.front() == '[' && name.back() == ']' &&
                        name.find_first_of("\"',") != std::string::npos;
      if (list) report("list_labels", "label '" + label.name + "': " + quoted(name));
    }
  }
  for (const auto& [dimension, uses] : groups_) {
    std::set<std::string> values;
    for (const auto& [value, use] : uses)
      values.insert(value);
    report_if_alike("group '" + dimension + "'", values);
  }
  for (const auto& [dimension, values] : slices_)
    report_if_alike("slice '" + dimension + "'", values);
}

void Lint::apply(std::initializer_list<const char*> checks) {
  applying_.insert(checks.begin(), checks.end());
}

void Lint::apply(const Item& item) {
  parts_.insert(part_of(item));
  for (const auto& clip : item.clips)
    if (!clip.file.empty() && !applying_.contains("missing_audio"))
      apply({"missing_audio", "empty_audio", "left_out"});
  if (item.question && !applying_.contains("empty_question"))
    apply({"empty_question", "empty_answer", "answer_not_among_choices", "no_choices",
           "duplicate_choices"});
  if ((item.question || !item.labels.empty()) && !applying_.contains("duplicates"))
    apply({"duplicates", "contradictions"});
  if (!labels_.empty() || !item.groups.empty() || !item.slices.empty()) apply({"look_alikes"});
  if (item.clips.size() > 1) apply({"missing_second_clip"});
  for (const auto& [dimension, value] : item.slices)
    slices_[dimension].insert(value);
}

void Lint::add(const Item& item, std::int64_t index) {
  const auto found = [&] {
    std::int64_t sum = 0;
    for (const auto& check : checks_)
      sum += check.found;
    return sum;
  };
  apply(item);
  if (is_absolute(item.id)) report("absolute_ids", item.id);
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
      left_out_.use(clip.file);
      if (std::filesystem::is_regular_file(clip.file, ignored))
        files_.push_back(
            {protocol::path_text(std::filesystem::absolute(clip.file)), part_of(item)});
      else if (std::filesystem::is_symlink(clip.file, ignored))
        report("missing_audio", clip.file.string() + ": a broken link to " +
                                    std::filesystem::read_symlink(clip.file, ignored).string());
      else
        report("missing_audio", clip.file.string());
      if (is_empty_or_pointer(clip.file)) report("empty_audio", clip.file.string());
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

std::vector<protocol::LintCheck> Lint::checks() {
  check_classes();
  auto left_out = left_out_.find(kept_);
  const auto take = [&](const char* name, protocol::LeftOut& out) {
    auto& check = check_named(name);
    check.found = out.found;
    check.examples = std::move(out.examples);
    if (check.found > 0) apply({name});
  };
  take("left_out", left_out.files);
  take("left_out_rows", left_out.rows);
  if (!labels_.empty()) apply({"list_labels"});
  if (parts_.size() > 1 && !files_.empty()) apply({"shared_audio"});
  return checks_;
}

}  // namespace earshot::worker
