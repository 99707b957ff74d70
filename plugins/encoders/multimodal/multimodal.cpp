#include "multimodal.hpp"

#include <ATen/ATen.h>

#include <lib/models/model_options.hpp>
#include <lib/models/sources.hpp>

#include <earshot/error.hpp>

namespace multimodal {

using earshot::ConfigError;
using earshot::ContractError;
using earshot::FeatureSpec;
using earshot::Reads;
using earshot::SourceBatch;
using earshot::SourceSpec;
using earshot::kit::CodeNetworkSizes;
using earshot::kit::Parameters;
using Goal = earshot::Objective::Goal;

Multimodal::Multimodal(const earshot::Options& options, const earshot::Context& context)
    : ClipReader(context.device),
      options_(options),
      modalities_(modalities_of(options)),
      gives_voxels_(options.text("features") == "voxels") {
  const auto& weights = options.weights("weights");
  if (weights.random()) return;
  earshot::kit::check_preset(options, "published");
  checkpoint_.emplace(weights.path);
}

std::vector<Reads> Multimodal::reads() const {
  const bool codes =
      earshot::kit::code_network_input(options_, "audio_") != CodeNetworkSizes::Input::features;
  std::vector<Reads> reads;
  for (const auto modality : modalities_)
    reads.push_back(modality == Modality::audio && codes ? Reads::codes : Reads::features);
  return reads;
}

void Multimodal::connect(std::span<const SourceSpec> sources) {
  std::optional<Sizes> stored;
  if (checkpoint_) {
    prefix_ = prefix_in(*checkpoint_);
    stored = read_sizes(*checkpoint_, prefix_);
    stored_voxels_ = stored->voxels;
  }
  auto sizes = sizes_for(options_, stored, sources);
  if (gives_voxels_)
    earshot::kit::choose_size(options_, "voxels", stored_voxels_ > 0, sizes.voxels);
  if (gives_voxels_ && sizes.voxels == 0)
    throw ConfigError(
        "features are 'voxels', and their number is not known. Set voxels to the size of the label "
        "that is learnt, or give weights that have them");
  grids_.assign(sources.begin(), sources.end());
  auto parameters = parameters_for(checkpoint_.has_value());
  model_.emplace(sizes, parameters);
  fill(parameters, checkpoint_.has_value(), false);
  if (!checkpoint_ && sizes.has(Modality::audio))
    model_->audio_network().draw_embedding(static_cast<std::uint64_t>(options_.integer("seed")));
  if (gives_voxels_) add_head(sizes.voxels);
  parameter_count_ = ClipReader::parameter_count();
}

Parameters Multimodal::parameters_for(bool from_checkpoint) const {
  return from_checkpoint ? Parameters(device(), *checkpoint_) : Parameters(device());
}

/// Fills what has been declared, and keeps it.
void Multimodal::fill(Parameters& parameters, bool from_checkpoint, bool head) {
  if (from_checkpoint) {
    earshot::kit::NameMap names;
    names.under(prefix_)
        .ignore(R"(num_batches_tracked$)")
        .ignore(head ? R"(^(?!bottleneck_to_voxels\.))"
                     : R"(^(bottleneck_to_voxels|head|teacher)\.)");
    parameters.load(*checkpoint_, names);
  } else {
    parameters.randomize(static_cast<std::uint64_t>(options_.integer("seed")));
  }
  tensors_.insert(parameters.tensors().begin(), parameters.tensors().end());
}

void Multimodal::add_head(std::int64_t voxels) {
  const bool from_checkpoint = voxels == stored_voxels_;
  auto parameters = parameters_for(from_checkpoint);
  head_.emplace(model().sizes(), voxels, parameters);
  fill(parameters, from_checkpoint, true);
}

const Model& Multimodal::model() const {
  if (!model_) throw ContractError("connect() has not been called");
  return *model_;
}

const Multimodal::Tensors& Multimodal::tensors() const {
  model();
  return tensors_;
}

FeatureSpec Multimodal::spec() const {
  return {.dim = gives_voxels_ && head_ ? head_->voxels() : width()};
}

std::int64_t Multimodal::parameter_count() const {
  model();
  return parameter_count_;
}

Mode Multimodal::mode(bool training) const {
  return {.training = training,
          .dropout = options_.number("dropout"),
          .deep_dropout = options_.number("deep_dropout")};
}

/// Of one modality: (B, its width).
at::Tensor Multimodal::branch(std::size_t number, std::span<const SourceBatch> source,
                              const Mode& how) const {
  const auto modality = modalities_[number];
  if (modality == Modality::audio)
    return model().audio(model().audio_network().source_of(source, grids_[number]), how);
  const auto& grid = std::get<FeatureSpec>(grids_[number]);
  const auto mean = earshot::kit::mean_of_frames(earshot::kit::only_features(source, grid));
  if (modality == Modality::text) return model().text(mean, how);
  const auto& sizes = model().sizes();
  return model().video(mean.view({-1, sizes.channels, sizes.height, sizes.width}), how);
}

at::Tensor Multimodal::vectors(std::span<const SourceBatch> sources, bool training) {
  model();
  if (sources.size() != grids_.size())
    throw ContractError(std::to_string(sources.size()) + " sources; expected the " +
                        std::to_string(grids_.size()) + " of connect()");
  const auto how = mode(training);
  std::vector<at::Tensor> branches;
  for (std::size_t i = 0; i < sources.size(); ++i)
    branches.push_back(branch(i, sources.subspan(i, 1), how));
  return model().fused(at::cat(branches, 1), how).bottleneck;
}

earshot::FeatureBatch Multimodal::read(std::span<const SourceBatch> sources) {
  if (!gives_voxels_) return ClipReader::read(sources);
  const auto voxels = (*head_)(vectors(sources, false), mode(false)).to(at::kFloat);
  return {.values = voxels.unsqueeze(1),
          .lengths = at::ones({voxels.size(0)}, at::kLong),
          .spec = spec()};
}

void Multimodal::prepare(const earshot::Objective& objective) {
  learns_voxels_ = objective.goal == Goal::values;
  if (gives_voxels_ && !learns_voxels_)
    throw earshot::Unsupported(
        "its features are voxels, which only a number or a vector as label can teach. Set "
        "objective to \"values\", or features to \"bottleneck\"");
  if (learns_voxels_ && objective.values > 0) {
    const auto wanted = head_ ? head_->voxels() : options_.integer("voxels");
    if (wanted != 0 && wanted != objective.values)
      throw ConfigError("the label has " + std::to_string(objective.values) +
                        " values, and the encoder " + std::to_string(wanted) +
                        " voxels. Set voxels to the size of the label");
    if (!head_) add_head(objective.values);
  }
  prepare_heads(objective, !learns_voxels_);
}

earshot::Losses Multimodal::loss(const earshot::LearnerBatch& batch, const earshot::Turn& turn) {
  if (!learns_voxels_) return ClipReader::loss(batch, turn);
  const auto& layers = heads();
  const auto bottleneck = vectors(batch.sources, training());
  return layers.loss(bottleneck, batch, (*head_)(bottleneck, mode(training())));
}

}  // namespace multimodal
