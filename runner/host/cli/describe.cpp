#include <algorithm>
#include <iostream>
#include <memory>

#include "host/base/table.hpp"
#include "host/cli/command.hpp"
#include "host/cli/component.hpp"
#include "host/cli/shared_options.hpp"
#include "host/plan/components.hpp"
#include "host/plan/planner.hpp"
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

/// A component to describe: by itself, or as an experiment configures it.
struct Subject {
  CatalogEntry entry{};
  std::shared_ptr<const Component> component{};
  std::shared_ptr<const Experiment> experiment{};  ///< the experiment that has it
  bool as_written = false;  ///< whether it is defined in a file, with options of its own
};

Table table_of(const std::string& kind) {
  return table_named(kind).value_or(Table::task);
}

[[noreturn]] void refuse_unknown(const std::string& what, const std::string& name,
                                 const std::vector<std::string>& known) {
  const auto guess = protocol::did_you_mean(name, known);
  throw Failure(
      ExitCode::usage,
      "runner describe: unknown " + what + " '" + name + "'; known: " + protocol::join(known) +
          (guess.empty() ? ". For plugins in another folder, give --plugin-path FOLDER" : guess));
}

/// Components of any kind with this id. @throws Failure
std::vector<Subject> find_by_id(const Catalog& catalog, const std::string& id) {
  std::vector<Subject> found;
  std::vector<std::string> names;
  for (const auto& entry : entries(catalog)) {
    names.push_back(entry.component->name);
    if (id != entry.component->name && id != entry.id()) continue;
    auto component = std::make_shared<Component>();
    component->table = table_of(entry.component->kind);
    component->label = id;
    component->use = entry.id();
    component->position.file = "runner describe";
    found.push_back({entry, std::move(component), std::make_shared<Experiment>(), false});
  }
  if (found.empty()) refuse_unknown("component", id, names);
  return found;
}

/// Components of any kind with this label in an experiment. @throws Failure
std::vector<Subject> find_in_file(const Catalog& catalog, const std::string& file,
                                  const std::string& label) {
  const auto experiment = std::make_shared<const Experiment>(read_experiment(file, {}));
  std::vector<Subject> found;
  std::vector<std::string> labels;
  for (const auto table :
       {Table::dataset, Table::encoder, Table::mapper, Table::language_model, Table::task}) {
    const auto all = experiment->components.find(table);
    if (all == experiment->components.end()) continue;
    for (const auto& [name, component] : all->second) {
      labels.push_back(name);
      if (name != label) continue;
      found.push_back({catalog.find(kind_of(table), component.use, component.position.text()),
                       std::make_shared<const Component>(component), experiment, true});
    }
  }
  if (found.empty()) refuse_unknown("label of " + file, label, labels);
  return found;
}

std::vector<Subject> find(const Catalog& catalog, const std::string& named) {
  const auto end = named.rfind(".toml:");
  if (end == std::string::npos) return find_by_id(catalog, named);
  return find_in_file(catalog, named.substr(0, end + 5), named.substr(end + 6));
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
    table.row({option.name, shared::facts_of(option.type).title, default_of(option),
               protocol::allowed(option), option.unit,
               option.help + (option.affects_results ? "" : " (changes no key)")});
  table.finish();
}

/// Required options that have no value.
std::vector<std::string> lacking(const protocol::OptionSchema& schema, const Json& options) {
  std::vector<std::string> names;
  for (const auto& option : schema)
    if (option.required && !options.contains(option.name)) names.push_back(option.name);
  return names;
}

/// Adds an example for every required text that was not given: metrics seldom depend on it.
Json with_examples(const protocol::OptionSchema& schema, Json options) {
  for (const auto& option : schema)
    if (option.required && option.type == protocol::OptionType::text &&
        !options.contains(option.name))
      options[option.name] = option.choices.empty() ? "label" : option.choices.front();
  return options;
}

bool is_reader(const Subject& subject) {
  const auto& abilities = subject.entry.component->abilities;
  return std::find(abilities.begin(), abilities.end(), "reader") != abilities.end();
}

/// Asks the component with these `options`, whose relative paths and weights are resolved. A reader
/// of a file is connected to the encoders that it reads.
/// @throws Failure (usage) if an option is wrong or a file is missing; WorkerError
Json ask_component(const Subject& subject, const Json& options, KnownPlugins& plugins) {
  auto component = std::make_shared<Component>(*subject.component);
  component->options = options;
  if (subject.as_written && (is_reader(subject) || !component->from().empty())) {
    const auto found = find_component(*subject.experiment, component, plugins);
    if (!found->missing.empty())
      throw Failure(ExitCode::usage, "runner describe: " + found->missing);
    return plugins.queries.resolve(found->ref);
  }
  const Components components(*subject.experiment, plugins.catalog, plugins.hashes);
  const auto found = components.locate(component);
  if (!found.missing.empty()) throw Failure(ExitCode::usage, "runner describe: " + found.missing);
  // The content of a file may have changed since the last answer.
  const bool files = std::any_of(
      subject.entry.component->options.begin(), subject.entry.component->options.end(),
      [&](const auto& option) {
        const auto& value = found.ref.options.at(option.name);
        return (option.type == protocol::OptionType::path && value != "") ||
               (option.type == protocol::OptionType::weights && value.value("path", "") != "");
      });
  return files ? plugins.worker.resolve(found.ref) : plugins.queries.resolve(found.ref);
}

/// What the component reports about itself with the options `given`, then those of its file, then
/// defaults. {"unknown": why} if it cannot be constructed with defaults; in that case with
/// {"metrics"} if an example has some. Empty for datasets and mappers with defaults, which report
/// nothing.
/// @throws Failure (usage) if an option is wrong, or if a file that it names is missing or
/// unreadable.
Json facts_of(const Subject& subject, const Json& given, KnownPlugins& plugins) {
  const auto& schema = subject.entry.component->options;
  const auto& kind = subject.entry.component->kind;
  const bool by_default = given.empty() && !subject.as_written;
  if (by_default && (kind == "dataset" || kind == "mapper")) return Json::object();
  try {
    auto options = subject.component->options;
    options.update(protocol::typed(schema, given));
    const auto missing = lacking(schema, options);
    if (missing.empty()) return ask_component(subject, options, plugins);
    Json facts{{"unknown", "option '" + missing.front() + "' is required; give --option " +
                               missing.front() + "=..."}};
    options = with_examples(schema, options);
    if (kind == "evaluator" && lacking(schema, options).empty()) {
      const auto example = ask_component(subject, options, plugins);
      if (example.contains("metrics")) facts["metrics"] = example.at("metrics");
    }
    return facts;
  } catch (const protocol::OptionError& error) {
    throw Failure(ExitCode::usage, std::string("runner describe: ") + error.what());
  } catch (const Failure& failure) {
    if (!by_default) throw;
    return {{"unknown", failure.what()}};
  } catch (const WorkerError& error) {
    if (!by_default)
      throw Failure(ExitCode::usage, std::string("runner describe: ") + error.what());
    return {{"unknown", error.what()}};
  }
}

void print(const Subject& subject, const Json& options, KnownPlugins& plugins) {
  const auto& entry = subject.entry;
  const auto& component = *entry.component;
  auto facts = facts_of(subject, options, plugins);
  std::cout << component.kind << ' ' << entry.id() << " (" << entry.plugin->info.version
            << "): " << component.summary << '\n';
  if (!component.abilities.empty())
    std::cout << "abilities: " << protocol::join(component.abilities) << '\n';
  std::cout << entry.plugin->info.path << "\n\n";
  print_options(component);
  if (facts.empty()) return;
  if (facts.contains("unknown")) {
    std::cout << "\nNeeds and outputs are unknown: " << facts.at("unknown").get<std::string>()
              << '\n';
    facts.erase("unknown");
    if (!facts.empty()) std::cout << "Independent of that:\n";
  } else {
    std::cout << (subject.as_written ? "\nAs configured for '" + subject.component->label +
                                           "' in " + subject.experiment->file + ":\n"
                  : options.empty() ? "\nWith the default options:\n"
                                    : "\nWith these options:\n");
  }
  if (const auto& from = subject.component->from(); !from.empty())
    std::cout << "from: " << protocol::join(from) << '\n';
  print_facts(std::cout, facts);
}

Json to_json(const Subject& subject, const Json& options, KnownPlugins& plugins) {
  return {{"id", subject.entry.id()},
          {"plugin", subject.entry.plugin->info.path},
          {"version", subject.entry.plugin->info.version},
          {"component", *subject.entry.component},
          {"facts", facts_of(subject, options, plugins)}};
}

Syntax syntax_of_describe() {
  Syntax syntax{
      "describe", "[COMPONENT]",
      "Lists all components, or describes one: its options with type, default, bounds and\n"
      "unit, and its needs and outputs with these options. COMPONENT is an id, or\n"
      "FILE.toml:LABEL for a component as an experiment configures it. Weights that an\n"
      "option names are read."};
  syntax.options.add_options()(
      "format", program_options::value<std::string>()->value_name("FORMAT")->default_value("table"),
      "table or json (for the list also csv)");
  add_value_option(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"component", 1}};
  syntax.examples =
      "  runner describe\n"
      "  runner describe log_mel\n"
      "  runner describe linear_probe --option target=room\n"
      "  runner describe llama --option weights=models/SmolLM2-135M\n"
      "  runner describe experiments/ablation.toml:mimi_full\n"
      "  runner describe spectral/log_mel --format json\n";
  return syntax;
}

ExitCode run_describe(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_describe(), arguments);
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
      list.push_back(to_json(entry, options, known));
    std::cout << protocol::json_text(list, 2) << '\n';
    return ExitCode::ok;
  }
  for (const auto& entry : found) {
    if (&entry != &found.front()) std::cout << '\n';
    print(entry, options, known);
  }
  return ExitCode::ok;
}

}  // namespace

const Command describe_command{"describe", Group::plugins,
                               "describes components: options, needs and metrics", run_describe};

}  // namespace earshot::host
