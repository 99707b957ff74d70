#include <lib/models/model_options.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

OptionSchema model_options(const std::string& source, const std::string& weights_help,
                           const std::vector<std::string>& presets) {
  return {
      {.name = "weights", .value = Weights{.source = source}, .help = weights_help},
      {.name = "preset",
       .value = presets.front(),
       .help = "Architecture of random weights",
       .choices = presets},
      {.name = "seed", .value = std::int64_t{0}, .help = "Seed of random weights", .min = 0},
  };
}

OptionSpec pretrain_data_option(const std::vector<std::string>& data) {
  return {.name = "pretrain_data",
          .value = data,
          .help = "What the default weights were trained on, shown with results",
          .affects_results = false,
          .role = Role::pretraining_data};
}

void check_preset(const Options& options, const std::string& default_preset) {
  const auto& name = options.text("preset");
  if (name != default_preset)
    throw ConfigError("preset '" + name +
                      "' is an architecture for random weights; a checkpoint has its own. Set "
                      "weights = \"random\", or omit preset");
}

}  // namespace earshot::kit
