#include "host/cli/plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include "host/analyse/observed.hpp"
#include "host/cli/command.hpp"
#include "host/cli/outcome.hpp"
#include "host/cli/shared_options.hpp"
#include "host/schedule/selection.hpp"
#include "statistics/detectable.hpp"

namespace earshot::host {
namespace {

Json axis_or_null(const Cell& cell, const char* axis) {
  const auto* value = cell.axes.find(axis);
  return value == nullptr ? Json() : value->json();
}

/// Prints a row per cell.
void print_cells(const Plan& plan, Format format) {
  std::vector<std::string> columns{"cell", "decision", "reason", "key"};
  if (format != Format::table)
    columns.insert(columns.begin() + 1, {"encoder", "task", "dataset", "seed", "fold", "split"});
  TableWriter table(std::cout, columns, format);
  for (const auto& planned : plan.cells) {
    const auto& cell = planned.cell;
    const bool choice = planned.identity.validation;
    const auto label = cell.label() + (choice ? " (validation)" : "");
    if (format == Format::table)
      table.row({label, name_of(planned.decision), planned.reason, planned.key.substr(0, 12)});
    else
      table.row({label, cell.encoder.label, cell.task.label, cell.dataset.label, cell.seed,
                 axis_or_null(cell, "fold"), planned.split(), name_of(planned.decision),
                 planned.reason, planned.key});
  }
  table.finish();
}

void print_groups(const Plan& plan) {
  std::vector<std::pair<std::pair<Decision, std::string>, std::int64_t>> groups;
  std::map<std::pair<Decision, std::string>, std::size_t> places;
  for (const auto& cell : plan.cells) {
    const std::pair group{cell.decision, cell.reason};
    const auto [place, fresh] = places.emplace(group, groups.size());
    if (fresh) groups.emplace_back(group, 0);
    ++groups[place->second].second;
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return a.first.first < b.first.first; });
  TableWriter table(std::cout, {"cells", "decision", "reason"}, Format::table);
  for (const auto& [group, count] : groups)
    table.row({count, name_of(group.first), group.second});
  table.finish();
}

/// How the cells of a dataset will be compared, as far as it is known before a run.
statistics::PlannedComparison comparison(const Plan& plan, const PlannedDataset& dataset) {
  std::set<std::int64_t> seeds, folds;
  std::int64_t limit = 0;
  for (const auto& cell : plan.cells) {
    if (cell.dataset_key != dataset.key || cell.decision == Decision::excluded) continue;
    seeds.insert(cell.cell.seed);
    folds.insert(cell.cell.fold);
    if (cell.dataset != nullptr) limit = cell.dataset->limit;
  }
  const auto& info = dataset.info;
  statistics::PlannedComparison planned;
  const bool folded = !folds.empty() && *folds.rbegin() > 0;
  planned.items = folded ? info.items : info.test;
  if (folded && !info.folds.empty())
    planned.items = info.items * static_cast<std::int64_t>(folds.size()) /
                    static_cast<std::int64_t>(info.folds.size());
  if (limit > 0) planned.items = std::min(planned.items, limit);
  planned.seeds = std::max<std::int64_t>(1, static_cast<std::int64_t>(seeds.size()));
  for (const auto& [dimension, groups] : info.groups.items()) {
    // Groups are distributed over the splits roughly like items.
    const auto tested = std::llround(groups.get<double>() * static_cast<double>(planned.items) /
                                     static_cast<double>(std::max<std::int64_t>(1, info.items)));
    if (tested < planned.items) planned.groups.push_back(std::max<std::int64_t>(1, tested));
  }
  return planned;
}

std::string percent(double share) {
  return std::to_string(std::llround(100 * share)) + " %";
}

/// The basis of the smallest detectable difference.
std::string basis_of(const statistics::PlannedComparison& planned, const ObservedPairs& observed) {
  if (observed.pairs > 0)
    return "with the typical precision of " + std::to_string(observed.pairs) +
           (observed.pairs == 1 ? " stored pair" : " stored pairs") +
           " of encoders on this dataset";
  auto text =
      "assuming that two encoders disagree on " + percent(planned.discordant) + " of the items";
  if (!planned.groups.empty())
    text += " and that " + percent(planned.intraclass_correlation) +
            " of the variance is common to a group";
  return text + "; finished runs will replace these assumptions";
}

void print_detectable(const statistics::PlannedComparison& planned, const ObservedPairs& observed) {
  const auto smallest =
      planned.items == 0 ? std::nan("") : statistics::smallest_detectable_difference(planned);
  if (std::isnan(smallest)) {
    std::cout << "Too few test items or groups for an interval: 10 are needed.\n";
    return;
  }
  char difference[32];
  std::snprintf(difference, sizeof difference, smallest < 0.1 ? "%.3f" : "%.2f", smallest);
  std::cout << "With " << planned.items << " test items and " << planned.seeds
            << (planned.seeds == 1 ? " seed" : " seeds")
            << ", the smallest accuracy difference detectable with 80 % power is about "
            << difference << "\n  (" << basis_of(planned, observed) << ").\n";
}

void print_datasets(const Plan& plan, const Store* store) {
  for (const auto& [key, dataset] : plan.datasets) {
    const auto& info = dataset.info;
    auto planned = comparison(plan, dataset);
    ObservedPairs observed;
    if (store != nullptr)
      observed = observed_pairs(*store, plan.experiment.name, key, dataset.label);
    if (observed.pairs > 0) planned.item_variance = observed.item_variance;
    std::cout << "\ndataset " << dataset.label << ": " << info.items << " items (" << info.train
              << " train, " << info.validation << " validation, " << info.test << " test";
    if (!info.folds.empty()) std::cout << "; " << info.folds.size() << " folds";
    std::cout << ")\n  ";
    print_detectable(planned, observed);
  }
}

void print_pretraining(const Plan& plan) {
  for (const auto& [key, stage] : plan.pretrain) {
    const auto waiting =
        std::count_if(plan.cells.begin(), plan.cells.end(), [&needed = key](const auto& cell) {
          return cell.decision == Decision::run &&
                 std::count(cell.pretrain.begin(), cell.pretrain.end(), needed) > 0;
        });
    std::cout << '\n'
              << stage.trainee() << ' ' << stage.label << ": pretrained on " << stage.dataset_label
              << " by " << stage.request.evaluator.component << ", key " << key.substr(0, 12)
              << "; needed by cells to run: " << waiting << '\n';
  }
}

/// What the readers read, each once for all datasets.
void print_readers(const Plan& plan) {
  std::set<std::string> lines;
  const auto add = [&](const std::string& encoder, const std::vector<std::string>& sources) {
    std::string read;
    for (const auto& source : sources) {
      const auto& other = plan.features.at(source);
      read += (read.empty() ? "" : ", ") +
              std::string(other.source.codes ? "codes of " : "features of ") + other.encoder_label;
    }
    if (!read.empty()) lines.insert("encoder " + encoder + ": reads " + read);
  };
  for (const auto& [key, stage] : plan.features)
    add(stage.encoder_label, stage.sources);
  for (const auto& cell : plan.cells)
    add(cell.cell.encoder.label, cell.sources);
  for (const auto& line : lines)
    std::cout << '\n' << line << '\n';
}

ExitCode run_plan(const std::vector<std::string>& arguments) {
  Syntax syntax{
      "plan", "FILE.toml",
      "Shows what 'runner FILE.toml' would do, and why. Each cell will run (it is new, has "
      "changed or\n"
      "failed before), is cached (it has a result), excluded (by the file), left out (by "
      "--only, --skip\n"
      "or --limit) or skipped (it cannot run)."};
  syntax.options.add_options()("why", "lists every cell with its reason")(
      "failed", "only cells whose last attempt is not ok")(
      "format", program_options::value<std::string>()->value_name("FORMAT")->default_value("table"),
      "table; or csv or json, which list every cell");
  add_override_options(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"file", 1}};
  syntax.examples =
      "  runner plan experiments/quickstart.toml\n"
      "  runner plan experiments/esc10.toml --why --only fold=1\n"
      "  runner plan experiments/esc10.toml --format json\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const PlanView view{.format = format_of(given->text("format")),
                      .every_cell = given->has("why"),
                      .failed_only = given->has("failed")};
  auto settings = workspace_settings_of(*given, Purpose::reading, {});
  // Workers are used only for planning here.
  settings.planning.worker.prefix = settings.running.worker_prefix;
  auto experiment = read_experiment(experiment_file(*given, "plan"), settings.overrides);
  show_plan(Workspace(std::move(experiment), std::move(settings), Store::Mode::read), view);
  return ExitCode::ok;
}

}  // namespace

void show_plan(const Workspace& workspace, const PlanView& view) {
  const auto& experiment = workspace.experiment();
  const auto* store = workspace.store();
  auto& plan = keep_until_exit(workspace.plan());
  if (view.failed_only) keep_failed_only(plan, store);
  if (store != nullptr) plan = with_selection(std::move(plan), *store);
  if (view.format != Format::table || view.every_cell) print_cells(plan, view.format);
  if (view.format != Format::table) return;
  if (view.every_cell) std::cout << '\n';
  std::cout << experiment.name << ": " << plan.cells.size() << " cells\n";
  print_groups(plan);
  print_pretraining(plan);
  print_readers(plan);
  print_datasets(plan, store);
  for (const auto& note : plan.notes)
    std::cout << "\nnote: " << note << '\n';
  if (const auto other = store != nullptr ? other_file(*store, experiment) : std::nullopt)
    std::cout << "\nnote: the results already have an experiment '" << experiment.name
              << "' from another file, " << *other
              << "; to run this one, change its name or give --replace\n";
}

const Command plan_command{"plan", Group::run, "shows what a run would do, and why", run_plan};

}  // namespace earshot::host
