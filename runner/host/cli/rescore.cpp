#include <filesystem>
#include <iostream>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/outcome.hpp"
#include "host/cli/planning.hpp"
#include "host/cli/same_file.hpp"
#include "host/plan/history.hpp"
#include "host/plan/planner.hpp"
#include "host/schedule/provenance.hpp"
#include "host/schedule/records.hpp"
#include "host/schedule/scheduler.hpp"
#include "host/store/store.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

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

ExitCode run(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_rescore(), arguments);
  if (!given) return ExitCode::ok;
  const auto file = experiment_file(*given, "rescore");
  const auto overrides = overrides_of(*given);
  auto planning = plan_settings_of(*given, Purpose::writing);
  planning.cache = fs::absolute(planning.cache);
  RunSettings settings;
  settings.results = given->text("results");
  settings.cache = planning.cache;
  settings.worker_prefix = planning.worker.prefix;

  const auto experiment = read_experiment(file, overrides);
  Store store(settings.results, Store::Mode::write);
  require_same_file(store, experiment, *given);
  store.bury_lost_runs();
  auto plan = make_plan(experiment, overrides, planning, &store);
  const auto rescoring = rescore(plan, store, settings.beside("state"));
  print_reasons(rescoring);
  if (rescoring.cells == 0) {
    std::cout << "nothing to rescore\n";
    return rescoring.reasons.empty() ? ExitCode::ok : ExitCode::cells_not_ok;
  }
  keep_imported(plan, store);
  const auto records = records_of(plan, overrides);
  std::vector<std::string> words{"rescore"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  store.record_plan(records.experiment, records.cells, records.datasets, provenance(plan, words));
  const auto progress = make_progress("none", stdout);
  const auto summary = execute(plan, store, settings, *progress);
  for (const auto& failure : summary.failures)
    std::cerr << failure.label << ": " << failure.error << '\n';
  std::cout << "rescored " << summary.ok - summary.cached << " of " << rescoring.cells
            << " cells\n";
  print_results(std::cout, store, plan.experiment.name);
  return summary.exit_code();
}

}  // namespace

const Command rescore_command{"rescore", Group::run,
                              "rescores stored answers without running a model", run};

}  // namespace earshot::host
