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

std::vector<std::string> Plan::chain_of(const std::string& key) const {
  std::vector<std::string> chain;
  add_chain(*this, key, chain);
  return chain;
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
