#pragma once
#include <array>
#include <string>
#include <string_view>

#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

// What datasets of questions share: values of the slice `format`, and rows that cannot be used.
// In the slice `gold_from` they also say where the right answers are from, which `runner compare`
// shows: "audio" (people listened), "caption" (made from a caption, often by a language model,
// without listening), "synthesised" (known, because the sound was made so).

namespace earshot::kit {

/// Labels of text that describe an item's clips, where a dataset knows what they hold: what the
/// control `caption_oracle` reads in their place.
inline constexpr std::array<const char*, 2> caption_labels = {"caption", "second_caption"};

/// What labels of an item's second clip are called after: "second_event" says of it what "event"
/// says of the first.
inline constexpr std::string_view second_clip_label = "second_";

/// `text` without spaces, tabs and line breaks around it.
std::string trimmed(const std::string& text);

/// Whether an answer is yes or no, in whatever case, with or without a full stop.
bool is_yes_or_no(const std::string& answer);

/// The slice `format` of a question where nothing else tells it: "compare" of two clips,
/// "multiple_choice" where there are choices, "yes_no" where every answer is one of these, "open".
std::string format_of(const Question& question, std::size_t clips);

/// Why the item's question cannot be answered or marked: no text, no answer, an answer that is
/// empty or not among the choices, format "compare" with one clip. "" when nothing is wrong or the
/// item has no question. Such an item is against the contract: a run refuses it and its dataset.
std::string question_fault(const Item& item);

/// The option `faulty`, what becomes of rows with a question_fault(): "refuse" gives them as they
/// are, so that a run refuses the dataset and `runner lint-data` shows them; "leave_out" makes no
/// items of them.
OptionSpec faulty_option();
bool leaves_out_faulty(const Options& options);

}  // namespace earshot::kit
