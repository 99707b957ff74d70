#include "code_cnn.hpp"

#include <ATen/ATen.h>

#include <lib/models/sources.hpp>

#include <earshot/error.hpp>

namespace code_cnn {

using earshot::ContractError;
using earshot::Reads;
using earshot::kit::CodeNetwork;
using earshot::kit::CodeNetworkSizes;
using earshot::kit::only_codes;
using earshot::kit::only_features;
using earshot::kit::Parameters;

earshot::OptionSchema CodeCnn::options() {
  auto all = earshot::kit::code_network_options();
  const earshot::OptionSchema own = {
      {.name = "dropout",
       .value = 0.2,
       .help = "Share of hidden values that are set to 0 in training",
       .min = 0,
       .max = 0.99},
      {.name = "weights",
       .value = earshot::Weights{.source = "random"},
       .help = "Checkpoint with the published names, or random: none is published"},
      {.name = "seed", .value = std::int64_t{0}, .help = "Seed of random weights", .min = 0},
  };
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

CodeCnn::CodeCnn(const earshot::Options& options, const earshot::Context& context)
    : ClipReader(context.device), options_(options) {
  const auto& weights = options.weights("weights");
  if (!weights.random()) checkpoint_.emplace(weights.path);
}

std::vector<Reads> CodeCnn::reads() const {
  return {earshot::kit::code_network_input(options_) == CodeNetworkSizes::Input::features
              ? Reads::features
              : Reads::codes};
}

void CodeCnn::connect(std::span<const earshot::SourceSpec> sources) {
  if (reads().front() == Reads::features)
    grid_ = only_features(sources);
  else
    grid_ = only_codes(sources);
  std::optional<CodeNetworkSizes> stored;
  std::string prefix;
  if (checkpoint_) {
    prefix = earshot::kit::code_network_prefix(*checkpoint_);
    stored = earshot::kit::stored_code_network(*checkpoint_, prefix);
  }
  const auto sizes = earshot::kit::code_network_sizes(options_, "", stored, {}, grid_);
  if (checkpoint_)
    parameters_.emplace(device(), *checkpoint_);
  else
    parameters_.emplace(device());
  network_.emplace(sizes, *parameters_);
  if (checkpoint_) {
    earshot::kit::NameMap names;
    // Heads are those of a training here, which the encoder does without.
    names.under(prefix).ignore(R"(num_batches_tracked$)").ignore(R"(^(head|teacher)\.)");
    parameters_->load(*checkpoint_, names);
    return;
  }
  const auto seed = static_cast<std::uint64_t>(options_.integer("seed"));
  parameters_->randomize(seed);
  network_->draw_embedding(seed);
}

const CodeNetwork& CodeCnn::network() const {
  if (!network_) throw ContractError("connect() has not been called");
  return *network_;
}

const CodeCnn::Tensors& CodeCnn::tensors() const {
  network();
  return parameters_->tensors();
}

at::Tensor CodeCnn::vectors(std::span<const earshot::SourceBatch> sources, bool training) {
  const auto [values, lengths] = network().source_of(sources, grid_);
  return training ? network().train(values, lengths, options_.number("dropout"))
                  : network().evaluate(values, lengths);
}

}  // namespace code_cnn
