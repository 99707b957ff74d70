#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"
#include "host/store/store.hpp"

// What earlier runs and imports mean for a plan.

namespace earshot::host {

/// What changed between the identities of a cell and of the one with the same axes before:
/// "log_mel.so changed (9b1f -> c204), task option 'lr' changed (0.1 -> 0.2)".
std::string changes(const Json& before, const Json& now);

/// One thing that a cell's result depends on, by the name that changes() gives it.
struct IdentityPart {
  std::string part{};  ///< of the identity: "encoder", "evaluator", "dataset", "seed" ...
  std::string name{}, value{};
};

/// All of them, by part and name. Hashes have their first 12 characters.
std::vector<IdentityPart> parts_of(const Json& identity);

// Predictions of an external system as cells of an experiment: the system is a value of the encoder
// axis with a name of its own, and is compared like any other encoder.

/// The cells of a task that imported predictions take the positions of: one for each fold.
/// @throws Failure (usage): no such task, none of its cells can be planned, or it has several
/// variants (along axes other than encoder, seed and fold), which are listed.
std::vector<PlannedCell> positions_of(const Plan& plan, const std::string& task);

/// A cell for the predictions in a file with this hash, at the position of `place`. Its key is a
/// hash of the content and of everything that scores it, never of the name.
/// @param scores whether the file has scores of classes or choices
PlannedCell imported_cell(const PlannedCell& place, const std::string& name, std::int64_t seed,
                          const std::string& sha256, bool scores = false);

/// Adds the cells that were imported into the experiment before and would still be scored in the
/// same way, so that a new plan keeps them. They are not run.
void keep_imported(Plan& plan, const Store& store);

// Runs with a language model keep their predictions, which can be scored again.

struct Rescoring {
  std::size_t cells = 0;               ///< cells that take their predictions from an earlier run
  std::vector<std::string> reasons{};  ///< why other cells to run cannot be rescored, each once
};

/// Gives each cell to run the predictions of the last ok run at its position, if that run differs
/// only in how predictions are scored: the evaluator's build, its option for scoring, metric
/// versions, intervals. All other cells are left out.
/// @param states  the folder of fit states, where runs with a language model keep predictions
Rescoring rescore(Plan& plan, const Store& store, const std::filesystem::path& states);

}  // namespace earshot::host
