#include "host/plan/plan.hpp"

#include <algorithm>

namespace earshot::host {

namespace {

void add_chain(const Plan& plan, const std::string& features, std::vector<std::string>& chain) {
  const auto stage = plan.features.find(features);
  if (stage == plan.features.end() ||
      std::find(chain.begin(), chain.end(), features) != chain.end())
    return;
  for (const auto& source : stage->second.sources)
    add_chain(plan, source, chain);
  chain.push_back(features);
}

}  // namespace

std::vector<std::string> Plan::features_of(const PlannedCell& cell) const {
  std::vector<std::string> all;
  for (const auto& training : cell.pretrain)
    for (const auto& source : pretrain.at(training).sources)
      add_chain(*this, source, all);
  for (const auto& source : cell.sources)
    add_chain(*this, source, all);
  add_chain(*this, cell.features, all);
  return all;
}

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
