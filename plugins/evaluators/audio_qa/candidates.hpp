#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <earshot/trial.hpp>

namespace audio_qa {

/// Answers to rank for test items with an open question: by test item, each text once, sorted.
///
/// Items with the same value of slice `dimension` are sorted by their questions, as normalised by
/// kit::normalized_answer, so that neighbours ask (nearly) the same, and cut into groups of
/// `distractors + 1` items of different clips. The gold answers of a group (the first accepted
/// answer of each item) are the candidates of all its items. Groups are formed without looking at
/// answers, and all items of a group get the same list: the list does not reveal which candidate
/// belongs to an item. Items for which no group of at least two is found have no candidates.
std::map<std::int64_t, std::vector<std::string>> candidates(const earshot::Trial& trial,
                                                            const std::string& dimension,
                                                            std::int64_t distractors);

}  // namespace audio_qa
