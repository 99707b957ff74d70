#pragma once
#include <array>
#include <string>
#include <string_view>

#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

// What datasets of questions share: values of the slice `format`, and rows that cannot be used.
// A slice with SliceRole::answer_origin says where the right answers come from.

namespace earshot::kit {

/// Text labels that describe an item's clips, if a dataset knows their content: the control
/// `caption_oracle` reads them instead of the audio.
inline constexpr std::array<const char*, 2> caption_labels = {"caption", "second_caption"};

/// Prefix of the labels of an item's second clip: "second_event" describes the second clip as
/// "event" describes the first.
inline constexpr std::string_view second_clip_label = "second_";

/// `text` without leading and trailing spaces, tabs and line breaks.
std::string trimmed(const std::string& text);

/// Whether an answer is yes or no, in upper or lower case, with or without a full stop.
bool is_yes_or_no(const std::string& answer);

/// The slice `format` of a question if nothing else determines it: "compare" for two clips,
/// "multiple_choice" if there are choices, "yes_no" if every answer is yes or no, "open".
std::string format_of(const Question& question, std::size_t clips);

/// Why the item's question cannot be answered or marked: no text, no answer, an answer that is
/// empty or not among the choices, format "compare" with one clip. "" when nothing is wrong or the
/// item has no question. Such an item is against the contract: a run refuses it and its dataset.
std::string question_fault(const Item& item);

/// The option `faulty`, the treatment of rows with a question_fault(): "refuse" returns them as
/// they are, so that a run refuses the dataset and `runner lint-data` shows them; "leave_out" makes
/// no items of them, and Dataset::left_out() says which they are.
OptionSpec faulty_option();
bool leaves_out_faulty(const Options& options);

/// Whether the item of the row at `place` ("<file>:<line>") has a question_fault(); if so, the row
/// is added to `left_out`. For datasets whose option `faulty` is "leave_out".
bool is_faulty(const Item& item, const std::string& place, LeftOutRows& left_out);

}  // namespace earshot::kit
