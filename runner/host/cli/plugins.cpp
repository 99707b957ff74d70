#include <iostream>

#include "host/base/table.hpp"
#include "host/cli/command.hpp"
#include "host/cli/results.hpp"
#include "host/cli/shared_options.hpp"
#include "host/plan/planner.hpp"

namespace earshot::host {
namespace {

ExitCode run_plugins(const std::vector<std::string>& arguments) {
  Syntax syntax{"plugins", "",
                "Lists the plugins found with their components, and the plugins refused."};
  add_format_option(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.examples =
      "  runner plugins\n"
      "  runner plugins --plugin-path ~/my-encoder/build --format json\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto format = format_of(given->text("format"));
  auto settings = plan_settings_of(*given);
  const KnownPlugins known(settings);
  TableWriter table(std::cout, {"plugin", "version", "kind", "component", "summary", "path"},
                    format);
  for (const auto& plugin : known.catalog.plugins())
    for (const auto& component : plugin.info.components)
      table.row({plugin.info.name, plugin.info.version, component.kind, component.name,
                 component.summary, plugin.info.path});
  table.finish();
  for (const auto& plugin : known.catalog.plugins())
    for (const auto& warning : plugin.info.warnings)
      settings.warn(plugin.info.path + ": " + warning);
  for (const auto& plugin : known.catalog.refused())
    settings.warn(plugin.path + ": the plugin is refused: " + plugin.reason);
  return ExitCode::ok;
}

}  // namespace

const Command plugins_command{"plugins", Group::plugins,
                              "lists the plugins found, and their components", run_plugins};

}  // namespace earshot::host
