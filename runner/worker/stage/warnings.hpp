#pragma once
#include <string>
#include <vector>

#include <earshot/trial.hpp>

#include "worker/stage/metrics.hpp"

namespace earshot::worker {

// What makes a finished run's numbers say less than they seem to.

/// Of predictions that are the same for every item, which no model of what it hears gives: a
/// sentence, or "". Fewer than two items say nothing.
std::string constant_predictions(const Outcomes& outcomes);

/// Of features that are the same for all of some clips of the test items, at most 32 and evenly
/// spread: a sentence that names the encoder, or "".
std::string constant_features(Trial& trial, const std::string& encoder);

/// The lines that the evaluator left in its artifact `notes.txt`.
std::vector<std::string> notes_in(const std::string& folder);

}  // namespace earshot::worker
