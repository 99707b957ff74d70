#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "base/files.hpp"
#include "base/sizes.hpp"
#include "host/base/arguments.hpp"
#include "host/base/plain_text.hpp"
#include "host/cli/command.hpp"
#include "host/cli/generator.hpp"
#include "host/cli/shared_options.hpp"
#include "host/experiment/experiment.hpp"
#include "host/report/page.hpp"
#include "host/report/sounds.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

Syntax report_syntax() {
  Syntax syntax{
      "report", "EXPERIMENT|FILE.toml...",
      "Writes a page with the answer to one or several experiments: claims with their verdicts, "
      "scores,\n"
      "slices, costs, learning curves, and where the numbers come from. The page is one HTML file "
      "without links\n"
      "to others: it opens from a mail, without a network, and prints. Each chart has its numbers "
      "as a table.\n"
      "The page contains the experiment's file, names of files in error messages, and questions "
      "and "
      "answers\n"
      "of test items. It contains neither uncommitted changes nor the environment. 'runner verify' "
      "says whether\n"
      "a page still tells the truth."};
  add_results_option(syntax.options);
  syntax.options.add_options()(
      "to", program_options::value<std::string>()->value_name("FILE"),
      "the page, such as report.html; an earlier report of this name is replaced")(
      "embed-audio", program_options::value<std::int64_t>()->value_name("N")->default_value(0),
      "puts the audio of up to N items on which runs disagree, and samples of what codecs make of "
      "items, into the page");
  add_plugin_options(syntax.options);
  syntax.positionals = {{"experiment", -1}};
  syntax.examples =
      "  runner report quickstart --to report.html\n"
      "  runner report experiments/quickstart.toml esc10 --to both.html\n"
      "  runner report ablation --to ablation.html --results ~/ablation.db\n"
      "  runner report codecs_tiny --to heard.html --embed-audio 40\n";
  return syntax;
}

/// Refuses a place that the page must not take.
void check_place(const fs::path& to) {
  std::error_code ignored;
  if (!fs::exists(to, ignored)) return;
  const auto content = base::read_file(to);
  if (!content || !is_page(*content))
    refuse_usage("report", "--to '" + plain_text(to.string()) +
                               "' exists and is not a report; allowed are a new file, and a report "
                               "to be replaced");
}

ExitCode run_report(const std::vector<std::string>& arguments) {
  const auto given = parse(report_syntax(), arguments);
  if (!given) return ExitCode::ok;
  std::vector<std::string> names;
  for (const auto& text : given->texts("experiment"))
    names.push_back(experiment_name(text));
  if (names.empty()) refuse_usage("report", "EXPERIMENT is missing: a name or FILE.toml");
  if (!given->has("to")) refuse_usage("report", "--to is missing: the HTML file to write");
  const auto heard = given->get<std::int64_t>("embed-audio");
  if (heard < 0)
    refuse_usage("report", "--embed-audio " + std::to_string(heard) +
                               ": not a number of items; allowed: 0 or more");
  const fs::path to = given->text("to"), file = given->text("results");
  check_place(to);

  const Store store(file, Store::Mode::read);
  auto data = page_data(store, names);
  data.generator = generator();
  data.results = file.filename().string();
  if (heard > 0) {
    // The data as without sounds, so that 'runner verify' finds the same.
    fit(data, room_for_data());
    ItemSounds items(plan_settings_of(*given));
    embed_sounds(data, store, items, static_cast<std::size_t>(heard),
                 room_for_data(largest_page - std::min(largest_page, script_json(data).size())));
  }
  const auto page = page_of(data);
  if (const int error = base::replace_file(to, page); error != 0)
    throw Failure(ExitCode::usage, "runner report: " + plain_text(to.string()) +
                                       " cannot be written: " + std::strerror(error));
  std::cout << "wrote " << plain_text(to.string()) << " ("
            << base::size_text(static_cast<std::int64_t>(page.size())) << ")\n";
  for (const auto& sentence : data.left_out)
    std::cout << sentence << '\n';
  if (data.sounds)
    for (const auto& sentence : data.sounds->left_out)
      std::cout << plain_text(sentence) << '\n';
  if (page.size() > largest_page)
    std::cout << "It is larger than mail servers accept, since most of it is scores.\n";
  return ExitCode::ok;
}

}  // namespace

const Command report_command{"report", Group::look,
                             "writes a page with claims, scores, slices and costs", run_report};

}  // namespace earshot::host
