#include "code_cnn.hpp"

#include <ATen/ATen.h>

#include <lib/models/sources.hpp>
#include <lib/models/stored_tensors.hpp>

#include <earshot/error.hpp>

namespace code_cnn {

using earshot::ContractError;
using earshot::SourceBatch;
using earshot::SourceSpec;
using earshot::kit::only_codes;
using earshot::kit::only_features;

CodeCnn::CodeCnn(const earshot::Options& options, const earshot::Context& context)
    : options_(options), device_(context.device) {
  const auto& weights = options.weights("weights");
  if (!weights.random()) checkpoint_.emplace(weights.path);
}

std::vector<earshot::Reads> CodeCnn::reads() const {
  return {input_of(options_) == Input::features ? earshot::Reads::features : earshot::Reads::codes};
}

void CodeCnn::connect(std::span<const SourceSpec> sources) {
  if (reads().front() == earshot::Reads::features)
    grid_ = only_features(sources);
  else
    grid_ = only_codes(sources);
  if (!checkpoint_) {
    model_.emplace(architecture(options_, std::nullopt, grid_),
                   static_cast<std::uint64_t>(options_.integer("seed")), device_);
    return;
  }
  const auto stored = read_stored(*checkpoint_);
  model_.emplace(architecture(options_, stored, grid_), *checkpoint_, stored.prefix, device_);
}

const Model& CodeCnn::model() const {
  if (!model_) throw ContractError("connect() has not been called");
  return *model_;
}

earshot::FeatureSpec CodeCnn::spec() const {
  return {.dim = model().architecture().outputs};
}

earshot::FeatureBatch CodeCnn::encode(const earshot::AudioBatch&) {
  throw earshot::Unsupported("it reads another encoder and takes no audio");
}

CodeCnn::Source CodeCnn::source_of(std::span<const SourceBatch> sources) const {
  const auto& a = model().architecture();
  if (a.input == Input::features) {
    const auto& features = only_features(sources, std::get<earshot::FeatureSpec>(grid_));
    return {features.values, features.lengths};
  }
  // Before the batch's own check, which names neither clip nor frame.
  if (sources.size() == 1)
    if (const auto* given = std::get_if<earshot::CodeBatch>(&sources.front());
        given != nullptr && given->codes.defined() && given->codes.dim() == 3)
      model().check_vocabulary(given->codes);
  const auto& codes = only_codes(sources, std::get<earshot::CodeSpec>(grid_));
  return {codes.codes.narrow(1, 0, a.books), codes.lengths};
}

earshot::FeatureBatch CodeCnn::read(std::span<const SourceBatch> sources) {
  const auto [values, lengths] = source_of(sources);
  return {.values = model().evaluate(values, lengths).unsqueeze(1),
          .lengths = at::ones_like(lengths),
          .spec = spec()};
}

void CodeCnn::prepare(const earshot::Objective& objective) {
  heads_.emplace(objective, model().architecture().outputs, device_);
  for (const auto& [name, tensor] : model().tensors())
    if (Model::is_trained(name)) tensor.set_requires_grad(true);
}

earshot::NamedTensors CodeCnn::parameters() const {
  earshot::NamedTensors all;
  for (const auto& [name, tensor] : model().tensors())
    if (Model::is_trained(name)) all.emplace_back(name, tensor);
  if (heads_) all.insert(all.end(), heads_->parameters().begin(), heads_->parameters().end());
  return all;
}

earshot::NamedTensors CodeCnn::stored() const {
  auto all = parameters();
  for (const auto& [name, tensor] : model().tensors())
    if (!Model::is_trained(name)) all.emplace_back(name, tensor);
  return all;
}

earshot::Losses CodeCnn::loss(const earshot::LearnerBatch& batch, const earshot::Turn&) {
  if (!heads_) throw ContractError("prepare() has not been called");
  const auto [values, lengths] = source_of(batch.sources);
  const auto vectors = training_ ? model().train(values, lengths, options_.number("dropout"))
                                 : model().evaluate(values, lengths);
  return heads_->loss(vectors, batch);
}

earshot::State CodeCnn::state() const {
  return earshot::kit::state_of(stored());
}

void CodeCnn::load_state(const earshot::State& state) {
  earshot::kit::load_tensors(state, stored());
}

earshot::State CodeCnn::export_weights() const {
  earshot::State weights;
  for (const auto& [name, tensor] : model().tensors())
    weights.tensors.emplace(name, tensor.detach());
  return weights;
}

std::int64_t CodeCnn::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : model().tensors())
    if (Model::is_trained(name)) count += tensor.numel();
  return count;
}

}  // namespace code_cnn
