#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <set>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "host/analyse/compare.hpp"
#include "host/base/arguments.hpp"
#include "host/base/ask.hpp"
#include "host/base/output.hpp"
#include "host/base/plain_text.hpp"
#include "host/cli/command.hpp"
#include "host/cli/outcome.hpp"
#include "host/cli/planning.hpp"
#include "host/cli/same_file.hpp"
#include "host/plan/history.hpp"
#include "host/schedule/cache_use.hpp"
#include "host/schedule/provenance.hpp"
#include "host/schedule/records.hpp"
#include "host/schedule/selection.hpp"
#include "host/store/store.hpp"

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

/// What the command line asks of this invocation.
struct Request {
  std::string file{}, results{}, progress{};
  Overrides overrides{};
  RunSettings settings{};
  PlanSettings planning{};
};

Request request_of_arguments(const Arguments& given) {
  Request request;
  request.file = experiment_file(given, "run");
  request.results = given.text("results");
  request.progress = given.text("progress");
  request.overrides = overrides_of(given);
  request.planning = plan_settings_of(given, Purpose::writing);
  request.planning.cache = std::filesystem::absolute(request.planning.cache);
  request.settings.results = request.results;
  request.settings.cache = request.planning.cache;
  request.settings.worker_prefix = request.planning.worker.prefix;
  // A debugger is for what the cells do, not for the questions of planning.
  request.planning.worker.prefix.clear();
  return request;
}

/// `runner plan` with those of the arguments that it knows.
ExitCode show_plan(const Arguments& given) {
  std::vector<std::string> words{given.text("file")};
  if (given.given("results")) words.insert(words.end(), {"--results", given.text("results")});
  for (const char* name : {"set", "only", "skip", "plugin-path"})
    for (const auto& value : given.texts(name))
      words.insert(words.end(), {std::string("--") + name, value});
  if (given.has("cache")) words.insert(words.end(), {"--cache", given.text("cache")});
  if (given.has("failed")) words.push_back("--failed");
  if (given.has("limit"))
    words.insert(words.end(), {"--limit", std::to_string(given.get<std::int64_t>("limit"))});
  return plan_command.run(words);
}

/// --jobs, --threads, --timeout and --device stand above [resources] of the file.
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

/// A graphics processor that is asked for and missing ends the run before anything is computed.
void require_device(const std::string& device) {
  if (device == "cpu") return;
  try {
    WorkerProcess worker;
    ask<protocol::verb::Device>(worker, {device});
  } catch (const WorkerError& error) {
    throw Failure(ExitCode::usage, std::string("--device: ") + error.what());
  }
}

void print_header(const Plan& plan, const Request& request) {
  std::cout << plain_text(plan.experiment.name) << "  " << request.file << "  results in "
            << request.results << '\n';
  if (!plan.experiment.question.empty()) std::cout << plain_text(plan.experiment.question) << '\n';
}

void note_plan(const Plan& plan, Progress& progress) {
  std::int64_t counts[5] = {};
  for (const auto& cell : plan.cells)
    ++counts[static_cast<int>(cell.decision)];
  progress.event({{"event", "plan"},
                  {"experiment", plan.experiment.name},
                  {"total", counts[0]},
                  {"cached", counts[1]},
                  {"excluded", counts[2]},
                  {"left_out", counts[3]},
                  {"skipped", counts[4]},
                  {"expected", counts[0] + counts[1] + counts[4]}});
}

void note_summary(const Summary& summary, Progress& progress) {
  progress.event({{"event", "summary"},
                  {"expected", summary.expected},
                  {"ok", summary.ok},
                  {"cached", summary.cached},
                  {"elsewhere", summary.elsewhere},
                  {"failed", summary.failed},
                  {"skipped", summary.skipped},
                  {"unfinished", summary.unfinished},
                  {"attempts", summary.attempts},
                  {"seconds", summary.seconds},
                  {"exit", static_cast<int>(summary.exit_code())}});
}

/// One invocation on an open store.
class Invocation {
 public:
  Invocation(const Request& request, Plan plan, Store& store, Progress& progress, Json origin)
      : request_(request),
        plan_(std::move(plan)),
        store_(store),
        progress_(progress),
        origin_(std::move(origin)) {}

  Summary run() {
    if (plan_.experiment.select.over.empty()) return run_recorded(plan_);
    const auto first = with_selection(plan_, store_);
    auto summary = run_recorded(first);
    // Every candidate has its validation numbers now, or none: choose, and test what was chosen.
    if (choices_open(first) && summary.signal == 0)
      summary += run_recorded(only_new(with_selection(std::move(plan_), store_), first));
    return summary;
  }

 private:
  Summary run_recorded(const Plan& plan) {
    const auto records = records_of(plan, request_.overrides);
    store_.record_plan(records.experiment, records.cells, records.datasets, origin_);
    const CacheUse use(request_.settings.cache, plan);
    return execute(plan, store_, request_.settings, progress_);
  }

  /// The second plan without the cells that the first has seen to. They stay recorded. A cell that
  /// the first excluded is not seen to: another one may have its key and be chosen now.
  static Plan only_new(Plan plan, const Plan& before) {
    std::set<std::string> seen;
    for (const auto& cell : before.cells)
      if (cell.decision != Decision::left_out && cell.decision != Decision::excluded)
        seen.insert(cell.key);
    for (auto& cell : plan.cells)
      if (seen.contains(cell.key) && cell.decision != Decision::excluded)
        cell.decision = Decision::left_out;
    return plan;
  }

  const Request& request_;
  Plan plan_;
  Store& store_;
  Progress& progress_;
  Json origin_;
};

void start_logging(bool verbose) {
  auto logger = spdlog::stderr_logger_st("runner");
  logger->set_pattern("%H:%M:%S.%e  %v");
  logger->set_level(verbose ? spdlog::level::debug : spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

ExitCode run(const std::vector<std::string>& arguments) {
  // Results are kept in a file: whoever reads the output may leave before the end.
  std::signal(SIGPIPE, SIG_IGN);
  const auto given = parse(syntax_of_run(), arguments);
  if (!given) return ExitCode::ok;
  const auto request = request_of_arguments(*given);
  if (given->has("dry-run")) return show_plan(*given);
  start_logging(given->has("verbose"));
  const auto progress = make_progress(request.progress, stdout);
  const bool talks = request.progress != "json" && request.progress != "none";

  auto experiment = read_experiment(request.file, request.overrides);
  apply(*given, experiment.resources);
  require_device(experiment.resources.device);
  Store store(request.results, Store::Mode::write);
  require_same_file(store, experiment, *given);
  store.bury_lost_runs();
  auto plan = make_plan(experiment, request.overrides, request.planning, &store);
  if (given->has("failed")) keep_failed_only(plan, &store);
  if (talks) {
    print_header(plan, request);
    print_plan_summary(std::cout, plan);
    std::cout << std::flush;
  }
  note_plan(plan, *progress);
  keep_imported(plan, store);
  // Asking git takes longer than all the rest of a run that finds everything done.
  const bool runs = std::any_of(plan.cells.begin(), plan.cells.end(),
                                [](const auto& cell) { return cell.decision == Decision::run; });
  auto origin = runs ? provenance(plan, arguments) : Json::object();
  const auto name = plan.experiment.name;
  const auto summary =
      Invocation(request, std::move(plan), store, *progress, std::move(origin)).run();
  note_summary(summary, *progress);
  store.require_in_place();
  if (request.progress != "json") {
    print_results(std::cout, store, name);
    const auto lines = verdict_lines(store, name);
    if (!lines.empty()) std::cout << '\n';
    for (const auto& line : lines)
      std::cout << plain_text(line) << '\n';
    print_ending(std::cout, summary, name, request.results);
  }
  forgive_departed_reader();
  return summary.exit_code();
}

}  // namespace

const Command run_command{"run", Group::run, "runs an experiment, or resumes it", run};

}  // namespace earshot::host
