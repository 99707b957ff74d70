#pragma once
#include "protocol/stages.hpp"
#include "worker/requests/session.hpp"

namespace earshot::worker {

/// Fit, predict, mark and score of one cell; events as protocol/verbs.hpp says, all of a stage
/// when it is done: warning, stage, curve, artifact, then predictions and metrics. Sets LibTorch's
/// number of threads.
///
/// The fit is kept in <state_folder>/<fit_key>/fit.state (tensors, and what it recorded) and reused
/// by any cell of the same fit key; what save() keeps is next to it in fit.partial and
/// predict-<target>.partial until the stage is done. A fit that trains a learner is not reused.
/// Fault points: partial-state-written, fit-state-written, predicted.
///
/// @returns a CellResult; complete is false when the evaluator stopped as asked.
/// @throws ContractError when test items are left without a prediction, DataError when there are
/// no test items.
protocol::CellResult cell_stage(const protocol::CellRequest& request, Session& session);

}  // namespace earshot::worker
