#include <algorithm>
#include <iostream>

#include "host/base/table.hpp"
#include "host/cli/command.hpp"
#include "host/cli/planning.hpp"
#include "host/plan/make_plan.hpp"
#include "protocol/nearest.hpp"

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

/// What the component says of itself when it is made with its defaults; or why it cannot be.
Json facts_of(const CatalogEntry& entry, Informant& informant) {
  protocol::ComponentRef ref{entry.plugin->info.path, entry.component->name, Json::object()};
  try {
    ref.options = protocol::complete(entry.component->options, Json::object(), ref.component, "");
    return informant.resolve(ref);
  } catch (const protocol::OptionError& error) {
    return {{"unknown", error.what()}};
  } catch (const WorkerError& error) {
    return {{"unknown", error.what()}};
  }
}

void print_facts(const Json& facts) {
  for (const auto& [name, fact] : facts.items()) {
    if (name == "metrics") continue;
    std::cout << name << ": ";
    if (!fact.is_object()) {
      std::cout << (fact.is_string() ? fact.get<std::string>() : fact.dump()) << '\n';
      continue;
    }
    std::vector<std::string> words;
    for (const auto& [key, value] : fact.items()) {
      if (value.is_boolean() && !value.get<bool>()) continue;
      words.push_back(value.is_boolean()  ? key
                      : value.is_string() ? key + " " + value.get<std::string>()
                                          : key + " " + value.dump());
    }
    std::cout << (words.empty() ? "nothing" : protocol::join(words)) << '\n';
  }
  if (!facts.contains("metrics")) return;
  std::cout << "metrics:\n";
  TableWriter table(std::cout, {"metric", "unit", "better", "primary", "help"}, Format::table);
  for (const auto& metric : facts.at("metrics").get<std::vector<protocol::Metric>>())
    table.row({metric.name, metric.unit, metric.higher_is_better ? "higher" : "lower",
               metric.primary ? "primary" : "", metric.help});
  table.finish();
}

void print(const CatalogEntry& entry, Informant& informant) {
  const auto& component = *entry.component;
  std::cout << component.kind << ' ' << entry.id() << " (" << entry.plugin->info.version
            << "): " << component.summary << '\n';
  if (!component.abilities.empty())
    std::cout << "abilities: " << protocol::join(component.abilities) << '\n';
  std::cout << entry.plugin->info.path << "\n\n";
  print_options(component);
  const auto facts = facts_of(entry, informant);
  if (!facts.empty()) std::cout << "\nWith the default options:\n";
  print_facts(facts);
}

Json to_json(const CatalogEntry& entry, Informant& informant) {
  return {{"id", entry.id()},
          {"plugin", entry.plugin->info.path},
          {"version", entry.plugin->info.version},
          {"component", *entry.component},
          {"facts", facts_of(entry, informant)}};
}

ExitCode run(const std::vector<std::string>& arguments) {
  Syntax syntax{"describe", "[COMPONENT]",
                "Lists all components, or tells everything about one: its options with type, "
                "default, bounds and unit, and what it needs and gives with the defaults."};
  syntax.options.add_options()("format",
                               program_options::value<std::string>()->default_value("table"),
                               "table or json (the list also as csv)");
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"component", 1}};
  syntax.examples =
      "  runner describe\n"
      "  runner describe log_mel\n"
      "  runner describe spectral/log_mel --format json\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto format = format_of(given->text("format"));
  KnownPlugins known(plan_settings_of(*given));
  if (!given->has("component")) {
    print_all(known.catalog, format);
    return ExitCode::ok;
  }
  const auto found = find(known.catalog, given->text("component"));
  if (format == Format::json) {
    auto list = Json::array();
    for (const auto& entry : found)
      list.push_back(to_json(entry, known.informant));
    std::cout << list.dump(2) << '\n';
    return ExitCode::ok;
  }
  for (const auto& entry : found) {
    if (&entry != &found.front()) std::cout << '\n';
    print(entry, known.informant);
  }
  return ExitCode::ok;
}

}  // namespace

const Command describe_command{"describe", "components, their options, needs and metrics", run};

}  // namespace earshot::host
