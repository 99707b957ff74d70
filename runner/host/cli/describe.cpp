#include <algorithm>
#include <filesystem>
#include <iostream>

#include "host/base/table.hpp"
#include "host/cli/command.hpp"
#include "host/cli/facts.hpp"
#include "host/cli/planning.hpp"
#include "host/plan/make_plan.hpp"
#include "protocol/nearest.hpp"
#include "protocol/option_text.hpp"

namespace earshot::host {
namespace {

std::vector<CatalogEntry> entries(const Catalog& catalog) {
  std::vector<CatalogEntry> all;
  for (const auto& plugin : catalog.plugins())
    for (const auto& component : plugin.info.components)
      all.push_back({&plugin, &component});
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::pair(a.component->kind, a.id()) < std::pair(b.component->kind, b.id());
  });
  return all;
}

void print_all(const Catalog& catalog, Format format) {
  TableWriter table(std::cout, {"kind", "id", "summary"}, format);
  for (const auto& entry : entries(catalog))
    table.row({entry.component->kind, entry.id(), entry.component->summary});
  table.finish();
}

/// Components of any kind with this id. @throws Failure
std::vector<CatalogEntry> find(const Catalog& catalog, const std::string& id) {
  std::vector<CatalogEntry> found;
  std::vector<std::string> names;
  for (const auto& entry : entries(catalog)) {
    names.push_back(entry.component->name);
    if (id == entry.component->name || id == entry.id()) found.push_back(entry);
  }
  if (!found.empty()) return found;
  throw Failure(ExitCode::usage, "runner describe: unknown component '" + id + "'; known: " +
                                     protocol::join(names) + protocol::did_you_mean(id, names));
}

Json type_of(const protocol::OptionSpec& spec) {
  return Json(spec.type);
}

Json default_of(const protocol::OptionSpec& spec) {
  if (spec.required) return "required";
  if (spec.type == protocol::OptionType::weights) return spec.value.value("source", "");
  return spec.value;
}

void print_options(const protocol::ComponentInfo& component) {
  if (component.options.empty()) {
    std::cout << "No options.\n";
    return;
  }
  TableWriter table(std::cout, {"option", "type", "default", "allowed", "unit", "help"},
                    Format::table);
  for (const auto& option : component.options)
    table.row({option.name, type_of(option), default_of(option), protocol::allowed(option),
               option.unit, option.help + (option.affects_results ? "" : " (enters no key)")});
  table.finish();
}

/// What the component says of itself when it is made with these options and defaults for the rest,
/// or {"unknown": why} when it cannot be made. Datasets and mappers have nothing to say. @throws
/// Failure (usage): an option is wrong.
Json facts_of(const CatalogEntry& entry, const Json& options, Informant& informant) {
  const auto& kind = entry.component->kind;
  if (options.empty() && (kind == "dataset" || kind == "mapper")) return Json::object();
  const auto& schema = entry.component->options;
  for (const auto& option : schema)
    if (option.required && !options.contains(option.name))
      return {{"unknown",
               "option '" + option.name + "' is required; give --option " + option.name + "=..."}};
  protocol::ComponentRef ref{entry.plugin->info.path, entry.component->name};
  try {
    ref.options = protocol::complete(schema, protocol::typed(schema, options), ref.component,
                                     std::filesystem::current_path().string());
    return informant.resolve(ref);
  } catch (const protocol::OptionError& error) {
    throw Failure(ExitCode::usage, std::string("runner describe: ") + error.what());
  } catch (const WorkerError& error) {
    return {{"unknown", error.what()}};
  }
}

void print(const CatalogEntry& entry, const Json& options, Informant& informant) {
  const auto& component = *entry.component;
  std::cout << component.kind << ' ' << entry.id() << " (" << entry.plugin->info.version
            << "): " << component.summary << '\n';
  if (!component.abilities.empty())
    std::cout << "abilities: " << protocol::join(component.abilities) << '\n';
  std::cout << entry.plugin->info.path << "\n\n";
  print_options(component);
  const auto facts = facts_of(entry, options, informant);
  if (facts.empty()) return;
  if (facts.contains("unknown")) {
    std::cout << "\nWhat it needs and gives is not known: "
              << facts.at("unknown").get<std::string>() << '\n';
    return;
  }
  std::cout << (options.empty() ? "\nWith the default options:\n" : "\nWith these options:\n");
  print_facts(std::cout, facts);
}

Json to_json(const CatalogEntry& entry, const Json& options, Informant& informant) {
  return {{"id", entry.id()},
          {"plugin", entry.plugin->info.path},
          {"version", entry.plugin->info.version},
          {"component", *entry.component},
          {"facts", facts_of(entry, options, informant)}};
}

ExitCode run(const std::vector<std::string>& arguments) {
  Syntax syntax{"describe", "[COMPONENT]",
                "Lists all components, or tells everything about one: its options with type, "
                "default, bounds and unit, and what it needs and gives with these."};
  syntax.options.add_options()("format",
                               program_options::value<std::string>()->default_value("table"),
                               "table or json (the list also as csv)");
  add_value_option(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"component", 1}};
  syntax.examples =
      "  runner describe\n"
      "  runner describe log_mel\n"
      "  runner describe linear_probe --option target=room\n"
      "  runner describe spectral/log_mel --format json\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto format = format_of(given->text("format"));
  KnownPlugins known(plan_settings_of(*given));
  if (!given->has("component")) {
    print_all(known.catalog, format);
    return ExitCode::ok;
  }
  const auto options = option_texts_of(*given, "describe");
  const auto found = find(known.catalog, given->text("component"));
  if (format == Format::json) {
    auto list = Json::array();
    for (const auto& entry : found)
      list.push_back(to_json(entry, options, known.informant));
    std::cout << list.dump(2) << '\n';
    return ExitCode::ok;
  }
  for (const auto& entry : found) {
    if (&entry != &found.front()) std::cout << '\n';
    print(entry, options, known.informant);
  }
  return ExitCode::ok;
}

}  // namespace

const Command describe_command{"describe", "components, their options, needs and metrics", run};

}  // namespace earshot::host
