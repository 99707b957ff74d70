#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <earshot/trial.hpp>

namespace audio_qa {

/// Answers to rank for test items with an open question: by test item, each text once, sorted.
///
/// Items of one value of slice `dimension` are put in the order of their questions as
/// kit::normalized_answer writes them, so that neighbours ask the same or nearly so, and cut into
/// groups of `distractors + 1` items of different clips. The golds of a group (the first accepted
/// answer of each item) are the candidates of all its items. Who is in a group is decided without
/// looking at an answer, and all items of a group get the same list: which of the candidates is an
/// item's own, the list does not tell. Items that find no group of at least two have none.
std::map<std::int64_t, std::vector<std::string>> candidates(const earshot::Trial& trial,
                                                            const std::string& dimension,
                                                            std::int64_t distractors);

}  // namespace audio_qa
