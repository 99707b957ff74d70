#pragma once
#include "host/analyse/verdict.hpp"

namespace earshot::host {

/// Fills in the sentence and the details of a decided verdict.
/// @param claims  number of hypotheses of the experiment, over which p is adjusted
void describe(Verdict& verdict, const Hypothesis& claim, std::size_t claims);

}  // namespace earshot::host
