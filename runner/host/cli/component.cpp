#include "host/cli/component.hpp"

#include <algorithm>
#include <array>
#include <ostream>
#include <sstream>

#include "host/base/table.hpp"
#include "host/cli/shared_options.hpp"
#include "host/plan/readers.hpp"
#include "protocol/enum_names.hpp"
#include "protocol/nearest.hpp"
#include "protocol/option_text.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

/// The experiment before the last ':' of `named`, or else one of just this component.
Experiment experiment_with(const std::string& command, Table table, const std::string& named,
                           std::string& label) {
  const auto end = named.rfind(".toml:");
  if (end != std::string::npos) {
    label = named.substr(end + 6);
    return read_experiment(named.substr(0, end + 5), {});
  }
  Experiment experiment;
  label = named;
  auto& component = experiment.components[table][label];
  component.table = table;
  component.label = label;
  component.use = named;
  component.position.file = "runner " + command;
  return experiment;
}

using Words = std::vector<std::string>;

/// 100 instead of 100.0, and no more than six digits.
std::string text_of(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

Words words_of_needs(const Json& needs) {
  // In the order of protocol::crop_names and pad_names; "": nothing is padded.
  constexpr std::array crops{"the beginning", "the middle", "a part drawn by the seed"};
  constexpr std::array pads{"", "zeros", "repeats"};
  static_assert(crops.size() == protocol::crop_names.size());
  static_assert(pads.size() == protocol::pad_names.size());
  const auto phrase = [&](const char* key, const auto& names, const auto& phrases) {
    const auto index = protocol::index_of(needs.at(key).get<std::string>(), names);
    return std::string(index ? phrases.at(*index) : "");
  };
  const auto channels = needs.at("channels").get<std::int64_t>();
  Words words{text_of(needs.at("sample_rate")) + " Hz",
              std::to_string(channels) + (channels == 1 ? " channel" : " channels")};
  const double longest = needs.at("max_seconds"), shortest = needs.at("min_seconds");
  if (longest > 0)
    words.push_back("at most " + text_of(longest) + " s (cropped to " +
                    phrase("crop", protocol::crop_names, crops) + ")");
  const auto pad = phrase("pad", protocol::pad_names, pads);
  if (shortest > 0 && !pad.empty())
    words.push_back("at least " + text_of(shortest) + " s (padded with " + pad + ")");
  return words;
}

/// Adds the position of frames in time.
void add_frames(const Json& spec, Words& words) {
  const double rate = spec.at("frame_rate"), first = spec.at("first_frame");
  words.push_back(rate > 0 ? text_of(rate) + " frames per second"
                           : "one vector for the whole clip");
  if (rate > 0 && first != 0) words.push_back("the first at " + text_of(first) + " s");
}

Words words_of_codes(const Json& spec) {
  Words sizes;
  for (const auto& size : spec.at("sizes"))
    sizes.push_back(size.dump());
  const bool alike = std::equal(sizes.begin() + 1, sizes.end(), sizes.begin());
  Words words{alike ? std::to_string(sizes.size()) + " of " + sizes.front() + " codes"
                    : protocol::join(sizes) + " codes"};
  add_frames(spec, words);
  words.push_back(text_of(spec.at("bits_per_second")) + " bits per second");
  return words;
}

/// "dim 64"; only the name if the value is true; nothing if it is false, 0 or "".
Words words_of(const Json& fact) {
  Words words;
  for (const auto& [name, value] : fact.items()) {
    if (value == false || value == 0 || value == Json("")) continue;
    words.push_back(value == true       ? name
                    : value.is_number() ? name + " " + text_of(value)
                    : value.is_string() ? name + " " + value.get<std::string>()
                                        : name + " " + value.dump());
  }
  return words;
}

Words words_of(const std::string& name, Json fact) {
  if (name == "needs") return words_of_needs(fact);
  if (name == "code_spec") return words_of_codes(fact);
  if (fact.is_number()) return {fact.dump()};
  if (fact.is_array()) return fact.get<Words>();
  if (!fact.contains("frame_rate")) return words_of(fact);
  Words words{"dim " + fact.at("dim").dump()};
  add_frames(fact, words);
  return words;
}

void print_metrics(std::ostream& out, const std::vector<protocol::Metric>& metrics) {
  out << "metrics:\n";
  TableWriter table(out, {"metric", "unit", "better", "primary", "help"}, Format::table);
  for (const auto& metric : metrics)
    table.row({metric.name, metric.unit, metric.higher_is_better ? "higher" : "lower",
               metric.primary ? "primary" : "", metric.help});
  table.finish();
}

}  // namespace

void add_value_option(program_options::options_description& options) {
  options.add_options()(
      "option", program_options::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "sets an option of the component (repeatable)");
}

Json option_texts_of(const Arguments& given, const std::string& command) {
  auto options = Json::object();
  for (const auto& word : given.texts("option")) {
    const auto sign = word.find('=');
    if (sign == std::string::npos || sign == 0)
      refuse_usage(command, "--option '" + word + "'; allowed is NAME=VALUE");
    options[protocol::readable(word.substr(0, sign))] = protocol::readable(word.substr(sign + 1));
  }
  return options;
}

Resolved find_component(const Experiment& experiment,
                        const std::shared_ptr<const Component>& component, KnownPlugins& plugins) {
  Components components(experiment, plugins.catalog, plugins.hashes);
  if (component->table != Table::encoder) return components.find(component);
  Readers readers(experiment, plugins.queries, [&](const auto& encoder) {
    return readers.connect(encoder, components.find(encoder));
  });
  return readers.connect(component, components.find(component));
}

OneComponent one_component(const Arguments& given, const std::string& command, Table table,
                           const std::string& named) {
  std::string label;
  const auto experiment = experiment_with(command, table, named, label);
  const auto* written = experiment.find(table, label);
  if (written == nullptr) {
    const auto labels = experiment.labels(table);
    refuse_usage(command, "no " + name_of(table) + " '" + label + "' in the experiment; it has " +
                              (labels.empty() ? "none" : protocol::join(labels)) +
                              protocol::did_you_mean(label, labels));
  }
  KnownPlugins plugins(plan_settings_of(given));
  const auto entry = plugins.catalog.find(kind_of(table), written->use, written->position.text());
  auto component = std::make_shared<Component>(*written);
  component->options.update(
      protocol::typed(entry.component->options, option_texts_of(given, command)));
  const auto found = find_component(experiment, component, plugins);
  if (!found->missing.empty())
    throw Failure(ExitCode::usage, "runner " + command + ": " + found->missing);
  auto settings = protocol::Json::object();
  for (const auto& spec : entry.component->options)
    if (spec.affects_results) settings[spec.name] = found->ref.options.at(spec.name);
  return {label, entry.id(), found->ref, Readers::sources_of(*found), settings};
}

void print_facts(std::ostream& out, const Json& facts) {
  for (const auto& [name, fact] : facts.items()) {
    if (name == "metrics") continue;
    const auto words = words_of(name, fact);
    out << name << ": " << (words.empty() ? "nothing" : protocol::join(words)) << '\n';
  }
  if (facts.contains("metrics")) print_metrics(out, facts.at("metrics"));
}

}  // namespace earshot::host
