#include <filesystem>
#include <iostream>

#include <unistd.h>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/planning.hpp"
#include "host/plan/components.hpp"
#include "host/plan/make_plan.hpp"
#include "protocol/nearest.hpp"
#include "protocol/option_text.hpp"

namespace earshot::host {
namespace {

/// An experiment that has the dataset: the file before the last ':', or else one of just this
/// component.
Experiment experiment_with(const std::string& dataset, std::string& label) {
  const auto end = dataset.rfind(".toml:");
  if (end != std::string::npos) {
    label = dataset.substr(end + 6);
    return read_experiment(dataset.substr(0, end + 5), {});
  }
  Experiment experiment;
  label = dataset;
  auto& component = experiment.components["dataset"][label];
  component.table = "dataset";
  component.label = label;
  component.use = dataset;
  component.position.file = "runner listen";
  return experiment;
}

ExitCode run(const std::vector<std::string>& arguments) {
  Syntax syntax{
      "listen", "DATASET",
      "Writes items of a dataset as WAV files with their labels in items.csv, to hear what is "
      "probed.\nDATASET is a component, or FILE.toml:LABEL for one as an experiment has it."};
  syntax.options.add_options()("n", program_options::value<std::int64_t>()->default_value(20),
                               "how many items, evenly spread")(
      "out", program_options::value<std::string>()->value_name("FOLDER"),
      "where to; by default ./listen-DATASET");
  add_value_option(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"dataset", 1}};
  syntax.examples =
      "  runner listen scenes --n 20 --option clips=200\n"
      "  runner listen experiments/quickstart.toml:scenes --out heard\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("dataset")) refuse_usage("listen", "DATASET is missing");
  const auto count = given->get<std::int64_t>("n");
  if (count < 1) refuse_usage("listen", "--n is less than 1");

  std::string label;
  const auto experiment = experiment_with(given->text("dataset"), label);
  const auto& datasets = experiment.components.at("dataset");
  const auto known = datasets.find(label);
  if (known == datasets.end()) {
    std::vector<std::string> labels;
    for (const auto& [name, component] : datasets)
      labels.push_back(name);
    refuse_usage("listen", "no dataset '" + label + "' in the experiment; it has " +
                               protocol::join(labels) + protocol::did_you_mean(label, labels));
  }
  CellComponent component{
      label, known->second.use, known->second.options, known->second.settings, {}};
  const auto settings = plan_settings_of(*given);
  KnownPlugins plugins(settings);
  const auto entry = plugins.catalog.find("dataset", component.use, known->second.position.text());
  component.options.update(
      protocol::typed(entry.component->options, option_texts_of(*given, "listen")));
  Components components(experiment, plugins.catalog, plugins.stamps);
  const auto& found = components.find("dataset", component);
  if (!found.missing.empty()) throw Failure(ExitCode::usage, "runner listen: " + found.missing);
  const std::filesystem::path folder = given->has("out") ? given->text("out") : "listen-" + label;
  WorkerProcess worker(settings.worker);
  const auto result = ask(worker, "listen",
                          {{"dataset", found.ref},
                           {"count", count},
                           {"folder", std::filesystem::absolute(folder).string()}});
  std::cout << "wrote " << result.at("files").size() - 1 << " WAV files and items.csv into "
            << folder.string() << '\n';
  return ExitCode::ok;
}

}  // namespace

const Command listen_command{"listen", "writes items of a dataset as WAV, to hear what is probed",
                             run};

}  // namespace earshot::host
