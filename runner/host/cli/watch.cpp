#include "host/cli/watch.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <thread>

#include "host/base/arguments.hpp"
#include "host/base/plain_text.hpp"
#include "host/cli/command.hpp"
#include "host/experiment/experiment.hpp"
#include "host/schedule/progress.hpp"
#include "host/store/clock.hpp"
#include "host/store/status_tables.hpp"

namespace earshot::host {
namespace {

constexpr std::int64_t newest = 5;  // failures and scores that are shown

/// Everything that is shown, from one look at the file.
struct Look {
  std::string text{};
  bool over = false, all_ok = false;
};

Look look_at(const std::string& file, const std::string& name) {
  const Store store(file, Store::Mode::read);
  store.require_experiment(name);
  const auto now = watched(cell_states(store, name), store.lost_runs(), now_ms());
  std::ostringstream text;
  text << watched_text(name, now);
  print_below(text, "\nTraining:\n", training_table(store, name));
  print_below(text, "\nNot ok, the last first:\n", failure_table(store, name, newest));
  print_below(text, "\nLast scores:\n", latest_scores(store, name, newest));
  const auto& counts = now.counts;
  return {text.str(), now.over(), counts.ok == counts.cells};
}

Syntax watch_syntax() {
  Syntax syntax;
  syntax.command = "watch";
  syntax.usage = "EXPERIMENT";
  syntax.description =
      "Shows how far an experiment is, until no cell is left to run: cells done, their rate, the "
      "time left,\n"
      "trainings, failures and the last scores. It only reads, so that it can run anywhere beside "
      "the runner\n"
      "that does the work. The exit code is 1 if the experiment ends with cells that are not ok. "
      "EXPERIMENT\n"
      "is a name or FILE.toml.";
  syntax.options.add_options()("once", "shows it once and ends with exit code 0")(
      "every", program_options::value<double>()->value_name("SECONDS")->default_value(2, "2"),
      "how often to look, at least every 0.1 s");
  add_results_option(syntax.options);
  syntax.positionals = {{"experiment", 1}};
  syntax.examples =
      "  runner watch quickstart\n"
      "  runner watch experiments/quickstart.toml --once\n"
      "  runner watch ablation --every 60 > progress.txt\n";
  return syntax;
}

ExitCode watch(const std::vector<std::string>& arguments) {
  const auto given = parse(watch_syntax(), arguments);
  if (!given) return ExitCode::ok;
  const auto name = experiment_name(given->text("experiment"));
  if (name.empty()) refuse_usage("watch", "EXPERIMENT is missing: a name or FILE.toml");
  const auto every = given->get<double>("every");
  if (!(every >= 0.1 && every <= 86400))
    refuse_usage("watch", "--every is outside of its range; allowed are 0.1 to 86400 seconds");
  const bool live = terminal_width() > 0 && !given->has("once");
  std::string shown;
  for (;;) {
    const auto look = look_at(given->text("results"), name);
    if (live)
      std::cout << "\x1b[2J\x1b[H" << look.text;  // clears the screen
    else if (look.text != shown)
      std::cout << (shown.empty() ? "" : "\n") << look.text;
    std::cout << std::flush;
    if (given->has("once")) return ExitCode::ok;
    if (look.over) return look.all_ok ? ExitCode::ok : ExitCode::cells_not_ok;
    if (!std::cout) return ExitCode::ok;  // nobody reads it any more
    shown = look.text;
    std::this_thread::sleep_for(std::chrono::duration<double>(every));
  }
}

}  // namespace

Watched watched(const std::vector<CellState>& cells, const std::set<std::int64_t>& lost,
                std::int64_t now) {
  constexpr std::size_t most = 50;
  constexpr std::int64_t hour_ms = 3600 * 1000;
  Watched found;
  std::vector<const CellState*> ended;
  for (const auto& cell : cells) {
    found.counts.add(cell, lost);
    if (cell.state == "ok" && cell.ended_ms > now - hour_ms && cell.ended_ms <= now)
      ended.push_back(&cell);
  }
  std::sort(ended.begin(), ended.end(),
            [](const auto* a, const auto* b) { return a->ended_ms > b->ended_ms; });
  if (ended.size() > most) ended.resize(most);
  if (ended.empty()) return found;
  auto begin = now;
  for (const auto* cell : ended)
    begin = std::min(begin, cell->started_ms);
  if (begin >= now) return found;
  found.cells_per_second =
      1000 * static_cast<double>(ended.size()) / static_cast<double>(now - begin);
  found.remaining =
      static_cast<double>(found.counts.pending + found.counts.running) / found.cells_per_second;
  return found;
}

std::string watched_text(const std::string& experiment, const Watched& now) {
  const auto& counts = now.counts;
  std::ostringstream text;
  text << plain_text(experiment) << ": " << counts.cells - counts.pending - counts.running << " of "
       << counts.cells << " cells done";
  for (const auto& [count, what] : {std::pair{counts.running, " running"},
                                    {counts.not_ok, " not ok"},
                                    {counts.skipped, " skipped"}})
    if (count > 0) text << ", " << count << what;
  text << '\n';
  if (now.over()) return text.str();
  if (now.cells_per_second > 0) {
    char rate[32];
    std::snprintf(rate, sizeof rate, "%.3g", 60 * now.cells_per_second);
    text << rate << " cells per minute, about " << clock_text(now.remaining) << " left\n";
  }
  if (counts.running == 0)
    text << "no cell is running now; 'runner run' continues an experiment that was interrupted\n";
  return text.str();
}

const Command watch_command{"watch", Group::look,
                            "shows the progress of an experiment while it runs", watch};

}  // namespace earshot::host
