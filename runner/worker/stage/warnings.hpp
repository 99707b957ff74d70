#pragma once
#include <string>
#include <vector>

#include <earshot/trial.hpp>

#include "worker/stage/metrics.hpp"

namespace earshot::worker {

// What makes a finished run's numbers say less than they seem to.

/// Warns of predictions that are the same for every item, which no model of the audio gives: a
/// sentence, or "". No warning for fewer than two items.
std::string constant_predictions(const Outcomes& outcomes);

/// Warns of features that are the same for a sample of clips of the test items, at most 32, evenly
/// spread: a sentence that names the encoder, or "".
std::string constant_features(Trial& trial, const std::string& encoder);

/// The lines that the evaluator left in its artifact `notes.txt`.
std::vector<std::string> notes_in(const std::string& folder);

}  // namespace earshot::worker
