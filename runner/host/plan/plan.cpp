#include "host/plan/plan.hpp"

namespace earshot::host {

protocol::CellRequest PlannedCell::request() const {
  protocol::CellRequest request;
  if (dataset != nullptr) request.dataset = *dataset;
  if (source != nullptr) request.features = {*source};
  if (evaluator != nullptr) request.evaluator = *evaluator;
  if (mapper != nullptr) request.mapper = *mapper;
  if (language_model != nullptr) request.language_model = *language_model;
  request.seed = cell.seed;
  request.fit_key = fit_key;
  request.predict = split();
  request.replicates = identity.replicates;
  request.predictions = predictions;
  request.predictions_sha256 = predictions_sha256;
  return request;
}

}  // namespace earshot::host
