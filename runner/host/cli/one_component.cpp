#include "host/cli/one_component.hpp"

#include "host/base/failure.hpp"
#include "host/cli/planning.hpp"
#include "host/plan/components.hpp"
#include "host/plan/planner.hpp"
#include "protocol/nearest.hpp"
#include "protocol/option_text.hpp"

namespace earshot::host {
namespace {

/// The experiment before the last ':' of `named`, or else one of just this component.
Experiment experiment_with(const std::string& command, Table table, const std::string& named,
                           std::string& label) {
  const auto end = named.rfind(".toml:");
  if (end != std::string::npos) {
    label = named.substr(end + 6);
    return read_experiment(named.substr(0, end + 5), {});
  }
  Experiment experiment;
  label = named;
  auto& component = experiment.components[table][label];
  component.table = table;
  component.label = label;
  component.use = named;
  component.position.file = "runner " + command;
  return experiment;
}

}  // namespace

OneComponent one_component(const Arguments& given, const std::string& command, Table table,
                           const std::string& named) {
  std::string label;
  const auto experiment = experiment_with(command, table, named, label);
  const auto* written = experiment.find(table, label);
  if (written == nullptr) {
    const auto labels = experiment.labels(table);
    refuse_usage(command, "no " + name_of(table) + " '" + label + "' in the experiment; it has " +
                              (labels.empty() ? "none" : protocol::join(labels)) +
                              protocol::did_you_mean(label, labels));
  }
  KnownPlugins plugins(plan_settings_of(given));
  const auto entry = plugins.catalog.find(kind_of(table), written->use, written->position.text());
  auto component = std::make_shared<Component>(*written);
  component->options.update(
      protocol::typed(entry.component->options, option_texts_of(given, command)));
  Components components(experiment, plugins.catalog, plugins.hashes);
  const auto found = components.find(component);
  if (!found->missing.empty())
    throw Failure(ExitCode::usage, "runner " + command + ": " + found->missing);
  auto settings = protocol::Json::object();
  for (const auto& spec : entry.component->options)
    if (spec.affects_results) settings[spec.name] = found->ref.options.at(spec.name);
  return {label, entry.id(), found->ref, settings};
}

}  // namespace earshot::host
