#include <algorithm>

#include <earshot/kit/names.hpp>
#include <earshot/kit/questions.hpp>

namespace earshot::kit {

std::string trimmed(const std::string& text) {
  constexpr const char* blank = " \t\r\n";
  const auto start = text.find_first_not_of(blank);
  if (start == std::string::npos) return {};
  return text.substr(start, text.find_last_not_of(blank) - start + 1);
}

bool is_yes_or_no(const std::string& answer) {
  auto word = lower_case(trimmed(answer));
  if (!word.empty() && word.back() == '.') word.pop_back();
  return word == "yes" || word == "no";
}

std::string format_of(const Question& question, std::size_t clips) {
  if (clips > 1) return "compare";
  if (!question.choices.empty()) return "multiple_choice";
  const auto& answers = question.answers;
  if (!answers.empty() && std::all_of(answers.begin(), answers.end(), is_yes_or_no))
    return "yes_no";
  return "open";
}

std::string question_fault(const Item& item) {
  if (!item.question) return {};
  const auto& question = *item.question;
  if (trimmed(question.text).empty()) return "the question has no text";
  if (question.answers.empty()) return "the question has no answer; expected at least one";
  const auto format = item.slices.find("format");
  if (format != item.slices.end() && format->second == "compare" && item.clips.size() < 2)
    return "the question compares two clips, but there is only one";
  for (const auto& answer : question.answers) {
    if (trimmed(answer).empty()) return "an answer is empty; expected some text";
    const auto& choices = question.choices;
    if (choices.empty() || std::find(choices.begin(), choices.end(), answer) != choices.end())
      continue;
    std::string all;
    for (const auto& choice : choices)
      all += (all.empty() ? "'" : ", '") + choice + "'";
    return "answer '" + answer + "' is not among the choices: " + all;
  }
  return {};
}

OptionSpec faulty_option() {
  return {.name = "faulty",
          .value = std::string("refuse"),
          .help =
              "Rows without question or answer, with an answer not among the choices, or without "
              "the second clip of a comparison",
          .choices = {"refuse", "leave_out"},
          .role = Role::faulty_rows};
}

bool leaves_out_faulty(const Options& options) {
  return options.text("faulty") == "leave_out";
}

bool is_faulty(const Item& item, const std::string& place, LeftOutRows& left_out) {
  const auto fault = question_fault(item);
  if (!fault.empty()) left_out.add(place, fault);
  return !fault.empty();
}

}  // namespace earshot::kit
