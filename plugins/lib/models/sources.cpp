#include <string>

#include <ATen/ATen.h>

#include <lib/models/sources.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

namespace {

template <class Spec>
const Spec& only_spec(std::span<const SourceSpec> sources, const std::string& kind) {
  if (sources.size() != 1)
    throw ConfigError("it is given " + std::to_string(sources.size()) +
                      " sources; allowed: one. Name one encoder in `from`");
  const auto* spec = std::get_if<Spec>(&sources.front());
  if (spec == nullptr)
    throw ConfigError("its source does not give " + kind +
                      ". Name an encoder in `from` that does, or change what is read");
  return *spec;
}

template <class Batch, class Spec>
const Batch& only_batch(std::span<const SourceBatch> sources, const Spec& grid) {
  const auto* batch = sources.size() == 1 ? std::get_if<Batch>(&sources.front()) : nullptr;
  if (batch == nullptr)
    throw ContractError(std::to_string(sources.size()) +
                        " sources, or one of another kind; expected the one of connect()");
  batch->check();
  if (batch->spec != grid)
    throw ContractError("the source's spec is not the one that connect() was given");
  return *batch;
}

}  // namespace

const FeatureSpec& only_features(std::span<const SourceSpec> sources) {
  return only_spec<FeatureSpec>(sources, "features");
}

const CodeSpec& only_codes(std::span<const SourceSpec> sources) {
  return only_spec<CodeSpec>(sources, "codes");
}

const FeatureBatch& only_features(std::span<const SourceBatch> sources, const FeatureSpec& grid) {
  return only_batch<FeatureBatch>(sources, grid);
}

const CodeBatch& only_codes(std::span<const SourceBatch> sources, const CodeSpec& grid) {
  return only_batch<CodeBatch>(sources, grid);
}

at::Tensor mean_of_frames(const FeatureBatch& features) {
  features.check();
  const auto lengths = features.lengths.to(features.values.device());
  const auto frames = at::arange(features.values.size(1), lengths.options());
  const auto valid = (frames.unsqueeze(0) < lengths.unsqueeze(1)).unsqueeze(2);
  const auto sum = features.values.to(at::kFloat).masked_fill(valid.logical_not(), 0).sum(1);
  return sum / lengths.unsqueeze(1);
}

}  // namespace earshot::kit
