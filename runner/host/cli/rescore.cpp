#include <iostream>

#include "host/cli/command.hpp"
#include "host/cli/outcome.hpp"
#include "host/cli/shared_options.hpp"
#include "host/plan/history.hpp"

namespace earshot::host {
namespace {

Syntax syntax_of_rescore() {
  Syntax syntax{
      "rescore", "FILE.toml",
      "Marks and scores the stored answers of runs again with the current evaluators:\n"
      "after a scorer was fixed, or with another option `scorer`. No model runs. Cells\n"
      "in which more than the scoring changed are not rescored, and the reason is shown;\n"
      "'runner FILE.toml' runs those."};
  add_override_options(syntax.options);
  add_replace_option(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"file", 1}};
  syntax.examples =
      "  runner rescore experiments/reasoning.toml\n"
      "  runner rescore experiments/mmau.toml --set task.mmau.options.scorer=mmau_tokens\n";
  return syntax;
}

void print_reasons(const Rescoring& rescoring) {
  constexpr std::size_t most = 5;
  for (std::size_t i = 0; i < std::min(most, rescoring.reasons.size()); ++i)
    std::cout << "not rescored: " << rescoring.reasons[i] << '\n';
  if (rescoring.reasons.size() > most)
    std::cout << "and " << rescoring.reasons.size() - most << " more\n";
}

ExitCode run_rescore(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_rescore(), arguments);
  if (!given) return ExitCode::ok;
  auto workspace =
      open_workspace(read_experiment(experiment_file(*given, "rescore"), overrides_of(*given)),
                     *given, command_line("rescore", arguments));
  auto plan = workspace.plan();
  const auto rescoring =
      rescore(plan, *workspace.store(), workspace.settings().running.beside("state"));
  print_reasons(rescoring);
  if (rescoring.cells == 0) {
    std::cout << "nothing to rescore\n";
    return rescoring.reasons.empty() ? ExitCode::ok : ExitCode::cells_not_ok;
  }
  keep_imported(plan, *workspace.store());
  const auto summary = workspace.execute(plan, *make_progress("none", stdout));
  print_failures(summary);
  std::cout << "rescored " << summary.ok - summary.cached << " of " << rescoring.cells
            << " cells\n";
  print_results(std::cout, *workspace.store(), plan.experiment.name);
  return summary.exit_code();
}

}  // namespace

const Command rescore_command{"rescore", Group::run,
                              "rescores stored answers without running a model", run_rescore};

}  // namespace earshot::host
