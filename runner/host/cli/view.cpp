#include <chrono>
#include <cstdlib>
#include <iostream>

#include <poll.h>

#include "host/base/arguments.hpp"
#include "host/base/plain_text.hpp"
#include "host/cli/command.hpp"
#include "host/cli/generator.hpp"
#include "host/cli/shared_options.hpp"
#include "host/experiment/experiment.hpp"
#include "host/schedule/signals.hpp"
#include "host/view/server.hpp"
#include "host/view/sound_desk.hpp"

namespace earshot::host {
namespace {

constexpr int highest_port = 65535;

Syntax view_syntax() {
  Syntax syntax{
      "view", "[EXPERIMENT|FILE.toml...]",
      "Shows the page of 'runner report' in a browser, and draws it again while experiments run: "
      "what you\n"
      "opened, chose and scrolled to stays. Without EXPERIMENT it shows all of the results file. "
      "Nothing is\n"
      "left out to keep the page small, and it shows more answers to single items than a report. "
      "It plays\n"
      "the audio of items on which runs disagree, which the dataset's plugin reads as the "
      "experiment's file\n"
      "configures it, and of what codecs make of it.\n"
      "It only reads. Its address leads to this machine alone, but all users of this machine can "
      "open it while\n"
      "it runs. Ctrl-C ends it."};
  add_results_option(syntax.options);
  syntax.options.add_options()("port",
                               program_options::value<int>()->value_name("N")->default_value(0),
                               "port of 127.0.0.1, up to 65535; 0: any that is free");
  add_plugin_options(syntax.options);
  syntax.positionals = {{"experiment", -1}};
  syntax.examples =
      "  runner view\n"
      "  runner view quickstart\n"
      "  runner view experiments/quickstart.toml esc10 --port 8000\n"
      "  runner view ablation --results ~/ablation.db\n";
  return syntax;
}

/// Returns after SIGINT, SIGTERM or SIGHUP.
void wait_for_signal(const SignalWatch& signals) {
  while (signals.count() == 0) {
    pollfd wanted{signals.fd(), POLLIN, 0};
    ::poll(&wanted, 1, -1);
  }
}

ExitCode run_view(const std::vector<std::string>& arguments) {
  const auto given = parse(view_syntax(), arguments);
  if (!given) return ExitCode::ok;
  const auto port = given->get<int>("port");
  if (port < 0 || port > highest_port)
    refuse_usage("view", "--port " + std::to_string(port) +
                             " is not a port; allowed are 1 to 65535, and 0 for any that is free");
  LiveSettings settings{.results = given->text("results"), .generator = generator()};
  for (const auto& text : given->texts("experiment"))
    settings.experiments.push_back(experiment_name(text));

  auto planning = plan_settings_of(*given);
  planning.progress = {};

  const SignalWatch signals;  // before threads begin, which would end with the process otherwise
  LiveData data(settings);
  SoundDesk sounds({.results = settings.results, .planning = std::move(planning)});
  const ViewServer server([&data] { return data.now(); }, port,
                          [&sounds](const SoundTarget& asked) { return sounds.answer(asked); });
  std::cout << "Open " << server.address() << " in a browser; Ctrl-C ends it." << std::endl;
  wait_for_signal(signals);
  // A plugin may take its time over an item, and nothing is left to be written. The worker ends
  // with this process.
  if (!sounds.end_within(std::chrono::seconds(1))) std::_Exit(static_cast<int>(ExitCode::ok));
  return ExitCode::ok;
}

}  // namespace

const Command view_command{"view", Group::look,
                           "shows that page in a browser, and follows an experiment while it runs",
                           run_view};

}  // namespace earshot::host
