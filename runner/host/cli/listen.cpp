#include <filesystem>
#include <iostream>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/one_component.hpp"
#include "host/cli/planning.hpp"

namespace earshot::host {
namespace {

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

  const auto dataset = one_component(*given, "listen", "dataset", given->text("dataset"));
  const std::filesystem::path folder =
      given->has("out") ? given->text("out") : "listen-" + dataset.label;
  WorkerProcess worker(plan_settings_of(*given).worker);
  const auto result = ask(worker, "listen",
                          {{"dataset", dataset.ref},
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
