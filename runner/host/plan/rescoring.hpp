#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// The fit stage of a cell with this identity: what decides more than its scoring.
std::string fit_key_of(const Json& identity);

struct Rescoring {
  std::size_t cells = 0;               ///< that take their predictions from a run before
  std::vector<std::string> reasons{};  ///< why other cells that are to run cannot, each once
};

/// Gives each cell that is to run the predictions of the last ok run at its place, where that run
/// differs in nothing but how predictions are scored: the evaluator's build, its option for
/// scoring, metric versions, intervals. All other cells are left out.
/// @param states  the folder of fit states, where runs with a language model keep predictions
Rescoring rescore(Plan& plan, const Store& store, const std::filesystem::path& states);

}  // namespace earshot::host
