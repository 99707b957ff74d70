#include "host/plan/checkpoint.hpp"

#include <algorithm>

namespace earshot::host {

namespace {

using TrainingData = std::optional<std::vector<std::string>>;

/// Whether it learns all that it knows from its pretraining stage: other weights are random.
bool begins_untrained(const ResolvedComponent& encoder) {
  const auto& options = encoder.entry.component->options;
  return !encoder.pretrain.empty() &&
         std::all_of(options.begin(), options.end(), [&](const auto& spec) {
           return spec.type != protocol::OptionType::weights ||
                  encoder.ref.options.at(spec.name).value("source", "") == "random";
         });
}

/// What the encoder's weights were trained on. A plugin declares it in the default of an option,
/// which applies to its default weights. Absent if unknown.
TrainingData known_data(const ResolvedComponent& encoder) {
  const bool reads = !encoder.sources.empty();
  if (encoder.weights == "random" || (reads && begins_untrained(encoder)))
    return std::vector<std::string>{};
  const auto& given = encoder.ref.value_of("pretraining_data");
  bool default_data = true, default_weights = true;
  for (const auto& spec : encoder.entry.component->options) {
    if (spec.role == "pretraining_data") default_data = given == spec.value;
    if (spec.type == protocol::OptionType::weights)
      default_weights &=
          encoder.ref.options.at(spec.name).value("source", "") == spec.value.value("source", "");
  }
  if (!given.is_array() || (default_data && !default_weights)) return std::nullopt;
  return given.get<std::vector<std::string>>();
}

template <class Value>
void add_once(std::vector<Value>& values, const Value& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

/// Adds what is known of another encoder. What is unknown of one of them is unknown of both.
void fold_in(Checkpoint& all, const Checkpoint& other) {
  if (all.weights.empty() || other.weights.empty() || all.weights == other.weights)
    all.weights = std::max(all.weights, other.weights);
  else
    all.weights += ", " + other.weights;
  if (!other.data) all.data.reset();
  if (all.data)
    for (const auto& name : *other.data)
      add_once(*all.data, name);
  const bool is_in = all.in_domain == true || other.in_domain == true;
  if (is_in || !other.in_domain) all.in_domain = is_in ? std::optional(true) : std::nullopt;
}

}  // namespace

Checkpoint checkpoint_of(const ResolvedComponent& encoder, const std::string& dataset,
                         const std::map<std::string, PretrainStage>& trainings) {
  const auto& written = *encoder.component;
  // A reader without weights adds nothing to what is known of its sources.
  Checkpoint found{.data = std::vector<std::string>{}, .in_domain = false};
  if (encoder.sources.empty() || !encoder.weights.empty()) {
    found = {.weights = encoder.weights, .data = known_data(encoder), .in_domain = std::nullopt};
    if (found.data && found.data->empty()) found.in_domain = false;
  }
  for (const auto& source : encoder.sources)
    fold_in(found, checkpoint_of(*source.encoder, dataset, trainings));
  if (written.pretrain_data) {
    found.data = written.pretrain_data;
    found.in_domain.reset();
  }
  if (written.in_domain)
    found.in_domain = std::count(written.in_domain->begin(), written.in_domain->end(), dataset) > 0;
  else if (found.data && found.data->empty())
    found.in_domain = false;
  if (encoder.pretrain.empty()) return found;
  const auto& trained_on = trainings.at(encoder.pretrain).dataset_label;
  if (!found.data) found.data.emplace();
  add_once(*found.data, trained_on);
  if (trained_on == dataset)
    found.in_domain = true;
  else if (!encoder.sources.empty() && !written.in_domain && found.in_domain == false)
    found.in_domain.reset();  // what it is trained on may be similar
  return found;
}

}  // namespace earshot::host
