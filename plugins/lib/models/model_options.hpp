#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include <earshot/kit/checkpoint.hpp>
#include <earshot/options.hpp>

namespace earshot::kit {

/// The options that select a model: `weights` (a checkpoint, by default the published one at
/// `source`, or random), `preset` (the architecture of random weights; the first of `presets` is
/// the default) and `seed` (of random weights).
OptionSchema model_options(const std::string& source, const std::string& weights_help,
                           const std::vector<std::string>& presets);

/// The option `pretrain_data`, which no component reads: its default states what the default
/// weights were trained on, which the host shows with their results.
OptionSpec pretrain_data_option(const std::vector<std::string>& data);

/// @throws ConfigError if a preset other than the default is given together with a checkpoint,
/// which has its own architecture.
void check_preset(const Options& options, const std::string& default_preset);

/// The model selected by model_options(). `preset(name)` and `read(checkpoint)` return its
/// architecture; Model has the constructors (architecture, checkpoint, device) and (architecture,
/// seed, device).
template <class Model, class Preset, class Read>
Model make_model(const Options& options, c10::Device device, const std::string& default_preset,
                 Preset preset, Read read) {
  const auto& weights = options.weights("weights");
  if (weights.random())
    return {preset(options.text("preset")), static_cast<std::uint64_t>(options.integer("seed")),
            device};
  check_preset(options, default_preset);
  const Checkpoint checkpoint(weights.path);
  return {read(checkpoint), checkpoint, device};
}

}  // namespace earshot::kit
