#include <csignal>
#include <iostream>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "host/analyse/compare.hpp"
#include "host/base/ask.hpp"
#include "host/base/output.hpp"
#include "host/base/plain_text.hpp"
#include "host/cli/command.hpp"
#include "host/cli/outcome.hpp"
#include "host/cli/plan.hpp"
#include "host/cli/shared_options.hpp"
#include "host/schedule/selection.hpp"

namespace earshot::host {
namespace {

namespace po = program_options;

Syntax syntax_of_run() {
  Syntax syntax{"run", "FILE.toml",
                "Runs all cells of an experiment that have no ok result yet. Run it again to "
                "resume, or to run\n"
                "what has changed. 'runner FILE.toml' is the same."};
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto number = [](const char* name) { return po::value<std::int64_t>()->value_name(name); };
  add_results_option(syntax.options);
  add_override_options(syntax.options);
  add_plugin_options(syntax.options);
  auto add = syntax.options.add_options();
  add("failed", "only cells whose last attempt is not ok");
  add("jobs,j", number("N"), "cells to run in parallel; by default one per processor");
  add("threads", number("N"),
      "threads of stages that run alone (features); by default all processors");
  add("device", text("NAME"), "cpu, cuda or cuda:N");
  add("timeout", po::value<double>()->value_name("SECONDS"), "time limit of a stage");
  add("progress", text("KIND")->default_value("auto"), "auto, live, plain, json or none");
  add("dry-run", "shows the plan without running it, like 'runner plan'");
  add_replace_option(syntax.options);
  add("verbose,v", "logs every request to a worker");
  syntax.positionals = {{"file", 1}};
  syntax.examples =
      "  runner experiments/quickstart.toml\n"
      "  runner experiments/esc10.toml -j 4 --only encoder=mfcc --set task.knn.options.k=5\n"
      "  runner experiments/esc10.toml --failed --worker-prefix 'gdb --args' -j 1\n";
  return syntax;
}

/// --jobs, --threads, --timeout and --device override [resources] of the file.
void apply(const Arguments& given, Resources& resources) {
  const auto positive = [&](const char* name, auto& field) {
    if (!given.has(name)) return;
    field = given.get<std::decay_t<decltype(field)>>(name);
    if (!(field > 0)) refuse_usage("run", std::string("--") + name + " must be greater than 0");
  };
  positive("jobs", resources.jobs);
  positive("threads", resources.threads);
  positive("timeout", resources.timeout);
  if (given.has("device")) resources.device = given.text("device");
}

/// If the requested graphics processor is missing, the run ends before anything is computed.
void require_device(const std::string& device) {
  if (device == "cpu") return;
  try {
    WorkerProcess worker;
    ask<protocol::verb::Device>(worker, {device});
  } catch (const WorkerError& error) {
    throw Failure(ExitCode::usage, std::string("--device: ") + error.what());
  }
}

void print_header(const Workspace& workspace, const Plan& plan) {
  std::cout << plain_text(plan.experiment.name) << "  " << plan.experiment.file << "  results in "
            << workspace.settings().running.results.string() << '\n';
  if (!plan.experiment.question.empty()) std::cout << plain_text(plan.experiment.question) << '\n';
  print_plan_summary(std::cout, plan);
  std::cout << std::flush;
}

void print_outcome(const Workspace& workspace, const Summary& summary) {
  const auto& name = workspace.experiment().name;
  print_results(std::cout, *workspace.store(), name);
  const auto lines = verdict_lines(*workspace.store(), name);
  if (!lines.empty()) std::cout << '\n';
  for (const auto& line : lines)
    std::cout << plain_text(line) << '\n';
  print_ending(std::cout, summary, name, workspace.settings().running.results.string());
}

void start_logging(bool verbose) {
  auto logger = spdlog::stderr_logger_st("runner");
  logger->set_pattern("%H:%M:%S.%e  %v");
  logger->set_level(verbose ? spdlog::level::debug : spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

ExitCode run_experiment(const std::vector<std::string>& arguments) {
  // Results are kept in a file, so the reader of the output may leave before the end.
  std::signal(SIGPIPE, SIG_IGN);
  const auto given = parse(syntax_of_run(), arguments);
  if (!given) return ExitCode::ok;
  auto experiment = read_experiment(experiment_file(*given, "run"), overrides_of(*given));
  apply(*given, experiment.resources);
  if (given->has("dry-run")) {
    const auto settings = workspace_settings_of(*given, Purpose::reading, arguments);
    show_plan(Workspace(std::move(experiment), settings, Store::Mode::read),
              {.failed_only = given->has("failed")});
    return ExitCode::ok;
  }
  start_logging(given->has("verbose"));
  const auto kind = given->text("progress");
  const auto progress = make_progress(kind, stdout);
  require_device(experiment.resources.device);
  auto workspace = open_workspace(std::move(experiment), *given, arguments);
  auto& plan = keep_until_exit(workspace.plan());
  if (given->has("failed")) keep_failed_only(plan, workspace.store());
  if (kind != "json" && kind != "none") print_header(workspace, plan);
  progress->event(plan_event(plan));
  const auto summary = workspace.run(plan, *progress);
  progress->event(summary_event(summary));
  if (kind != "json") print_outcome(workspace, summary);
  forgive_departed_reader();
  return summary.exit_code();
}

}  // namespace

const Command run_command{"run", Group::run, "runs an experiment, or resumes it", run_experiment};

}  // namespace earshot::host
