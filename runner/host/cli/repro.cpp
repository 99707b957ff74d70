#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/results.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

/// @throws Failure (usage) if no experiment has it
RunOrigin find(const Store& store, const RunSelector& selected) {
  const auto origin = origin_of(store, selected.cell, selected.run);
  if (!origin || origin->experiment.empty())
    throw Failure(ExitCode::usage,
                  "runner repro: this run does not belong to any experiment any more");
  return *origin;
}

/// Quoted such that a shell reads it as one word.
std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./=:,+").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string text = "'";
  for (const char c : word)
    text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

/// The command that runs only this cell of the experiment, into a separate results file; for
/// imported predictions, the command that imports them.
std::string command(const RunOrigin& run) {
  const auto words = run.provenance.value("arguments", std::vector<std::string>{});
  if (!words.empty() && words.front() == "import-predictions") {
    std::string text = "runner";
    for (const auto& word : words)
      text += " " + quoted(word);
    return text;
  }
  std::string text = "runner " + quoted(run.file);
  for (const auto& change : run.overrides)
    text += " --set " + quoted(change);
  for (const auto& [axis, value] : run.axes)
    text += " --only " + quoted(axis + "=" + value);
  if (run.provenance.value("device", "cpu") != "cpu")
    text += " --device " + run.provenance.at("device").get<std::string>();
  return text + " --results repro.db";
}

void print_source(const RunOrigin& run) {
  const auto git = run.provenance.value("git", Json());
  if (!git.is_object()) {
    std::cout << "source   not in a git repository; its text is in the table 'experiment'\n";
    return;
  }
  const auto commit = git.value("commit", "");
  std::cout << "source   git checkout " << commit << '\n';
  if (!git.contains("dirty") || git.at("dirty") != true) return;
  std::cout << "         with changes, hash " << git.value("diff_sha256", "").substr(0, 12);
  if (git.contains("diff"))
    std::cout << ":\n         runner repro " << run.run << " --patch | git apply";
  std::cout << '\n';
}

void print_plugins(const RunOrigin& run) {
  for (const auto& plugin : run.provenance.value("plugins", Json::array())) {
    const auto path = protocol::path_of(plugin.value("path", ""));
    const auto hash = plugin.value("sha256", "");
    std::string now = "is no longer in " + path.string();
    if (std::filesystem::exists(path))
      now = protocol::sha256_file(path) == hash ? "unchanged" : "has changed since";
    std::cout << "plugin   " << plugin.value("name", "") << ' ' << plugin.value("version", "")
              << ' ' << hash.substr(0, 12) << "  " << now << '\n';
  }
}

ExitCode run_repro(const std::vector<std::string>& arguments) {
  Syntax syntax{"repro", "RUN",
                "Shows the circumstances of a run and the command that reproduces it.\n"
                "RUN is a run number or the first characters of a cell key."};
  add_results_option(syntax.options);
  syntax.options.add_options()("patch", "prints only the changes to the source tree, as a patch");
  syntax.positionals = {{"run", 1}};
  syntax.examples = "  runner repro 17\n  runner repro 3f9a12c4 --results results/results.db\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const Store store(given->text("results"), Store::Mode::read);
  const auto found = find(store, select_run(store, "repro", given->text("run")));
  if (given->has("patch")) {
    std::cout << found.provenance.value("git", Json::object()).value("diff", "") << '\n';
    return ExitCode::ok;
  }
  const auto host = found.provenance.value("host", Json::object());
  const auto runner = found.provenance.value("runner", Json::object());
  std::cout << "run      " << found.run << ", attempt " << found.attempt << ", " << found.state
            << "\ncell     " << found.key << "\nfrom     " << found.experiment << ", " << found.file
            << "\nhost     " << host.value("name", "") << ", " << host.value("cpu", "") << ", "
            << host.value("os", "") << "\nrunner   " << runner.value("version", "")
            << (runner.value("commit", "").empty() ? ""
                                                   : ", built from " + runner.value("commit", ""))
            << '\n';
  print_source(found);
  print_plugins(found);
  if (found.log) std::cout << "log      " << store.resolve(*found.log).string() << '\n';
  const auto fit = trained_state_of(found, given->text("results"));
  if (std::filesystem::exists(fit)) std::cout << "fit      " << fit.string() << '\n';
  std::cout << "\n" << command(found) << '\n';
  return ExitCode::ok;
}

}  // namespace

const Command repro_command{"repro", Group::look, "shows how to reproduce a run", run_repro};

}  // namespace earshot::host
