#include <algorithm>
#include <filesystem>
#include <iostream>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/component.hpp"
#include "host/cli/meters.hpp"
#include "host/cli/shared_options.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

/// Prints what was drawn, a line for each label and slice dimension: "event: 12 of 12 values: dog 2
/// of 40, ..."
void print_drawn(const protocol::ListenResult& result, std::int64_t count, std::int64_t seed) {
  constexpr std::size_t longest = 12;  // list of values that is printed
  std::cout << "drawn with seed " << seed << ": " << count << " of " << result.items << " items\n";
  for (const auto& [dimension, values] : result.drawn) {
    const auto drawn = std::count_if(values.begin(), values.end(),
                                     [](const auto& value) { return value.second.first > 0; });
    std::cout << "  " << dimension << ": " << drawn << " of " << values.size()
              << (values.size() == 1 ? " value" : " values");
    if (values.size() > longest) {
      std::cout << '\n';
      continue;
    }
    const char* before = ": ";
    for (const auto& [value, counts] : values) {
      std::cout << before << value << ' ' << counts.first << " of " << counts.second;
      before = ", ";
    }
    std::cout << '\n';
  }
}

Syntax syntax_of_listen() {
  Syntax syntax{"listen", "DATASET",
                "Writes items of a dataset as WAV files to listen to, and their labels to "
                "items.csv. The items are\n"
                "a random sample in which classes, slices and splits have the same shares as in "
                "the dataset.\n"
                "DATASET is a component, or FILE.toml:LABEL for one as an experiment configures "
                "it."};
  syntax.options.add_options()(
      "n", program_options::value<std::int64_t>()->value_name("N")->default_value(20),
      "number of items")(
      "seed", program_options::value<std::int64_t>()->value_name("N")->default_value(0),
      "seed of the sample")("out", program_options::value<std::string>()->value_name("FOLDER"),
                            "output folder; by default ./listen-DATASET");
  add_value_option(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"dataset", 1}};
  syntax.examples =
      "  runner listen scenes --n 20 --option clips=200\n"
      "  runner listen experiments/quickstart.toml:scenes --out heard\n";
  return syntax;
}

ExitCode run_listen(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_listen(), arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("dataset")) refuse_usage("listen", "DATASET is missing");
  const auto count = given->get<std::int64_t>("n");
  const auto seed = given->get<std::int64_t>("seed");
  if (count < 1) refuse_usage("listen", "--n must be at least 1");

  const auto dataset = one_component(*given, "listen", Table::dataset, given->text("dataset"));
  const std::filesystem::path folder =
      given->has("out") ? given->text("out") : "listen-" + dataset.label;
  auto settings = plan_settings_of(*given);
  settings.limits.since_news = true;
  CountMeter meter("wrote");
  WorkerProcess worker(settings.worker);
  const auto result = ask_about<protocol::verb::Listen>(
      dataset, "listen", worker,
      {.dataset = dataset.ref,
       .count = count,
       .seed = seed,
       .folder = protocol::path_text(std::filesystem::absolute(folder))},
      settings.limits, [&](const protocol::event::Progress& progress) { meter.show(progress); });
  meter.clear();
  std::cout << "wrote " << result.files.size() - 1 << " WAV files and items.csv to "
            << folder.string() << '\n';
  print_drawn(result, std::min(count, result.items), seed);
  return ExitCode::ok;
}

}  // namespace

const Command listen_command{"listen", Group::data,
                             "writes items of a dataset as WAV files to listen to", run_listen};

}  // namespace earshot::host
