#include "host/base/arguments.hpp"

#include <iostream>
#include <sstream>

#include "host/base/defaults.hpp"
#include "host/base/failure.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

namespace po = program_options;

/// The declared options, --help, and positional arguments that were not declared.
po::options_description all_options(const Syntax& syntax) {
  po::options_description all;
  all.add(syntax.options).add_options()("help,h", "shows this help");
  for (const auto& [name, count] : syntax.positionals) {
    if (all.find_nothrow(name, false) != nullptr) continue;
    if (count == 1) {
      all.add_options()(name.c_str(), po::value<std::string>());
    } else {
      all.add_options()(name.c_str(), po::value<std::vector<std::string>>());
    }
  }
  return all;
}

void print_help(const Syntax& syntax) {
  std::ostringstream text;
  po::options_description shown(syntax.options);
  shown.add_options()("help,h", "shows this help");
  text << "Usage: runner " << syntax.command;
  if (!syntax.usage.empty()) text << ' ' << syntax.usage;
  text << " [options]\n\n" << syntax.description << "\n\n" << shown;
  if (!syntax.examples.empty()) text << "\nExamples:\n" << syntax.examples;
  std::cout << text.str() << std::flush;
}

std::vector<std::string> long_names(const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options())
    names.push_back("--" + option->long_name());
  return names;
}

}  // namespace

void refuse_usage(const std::string& command, const std::string& problem) {
  throw Failure(ExitCode::usage, "runner " + command + ": " + problem +
                                     (problem.ends_with('?') ? " see" : "; see") + " 'runner " +
                                     command + " --help'");
}

std::optional<Arguments> parse(const Syntax& syntax, const std::vector<std::string>& arguments) {
  const auto options = all_options(syntax);
  po::positional_options_description positionals;
  for (const auto& [name, count] : syntax.positionals)
    positionals.add(name.c_str(), count);
  try {
    po::variables_map values;
    po::store(
        po::command_line_parser(arguments)
            .options(options)
            .positional(positionals)
            .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
            .run(),
        values);
    if (values.count("help") > 0) {
      print_help(syntax);
      return std::nullopt;
    }
    po::notify(values);
    return Arguments(std::move(values));
  } catch (const po::unknown_option& error) {
    const auto name = error.get_option_name();
    refuse_usage(syntax.command, "unknown option '" + name + "'" +
                                     protocol::did_you_mean(name, long_names(options)));
  } catch (const po::too_many_positional_options_error&) {
    refuse_usage(syntax.command, "too many arguments; usage: runner " + syntax.command + " " +
                                     syntax.usage + " [options]");
  } catch (const po::error& error) {
    refuse_usage(syntax.command, error.what());
  }
}

std::string Arguments::text(const std::string& name) const {
  return has(name) ? values_[name].as<std::string>() : std::string();
}

std::vector<std::string> Arguments::texts(const std::string& name) const {
  return has(name) ? values_[name].as<std::vector<std::string>>() : std::vector<std::string>();
}

void add_results_option(po::options_description& options) {
  options.add_options()(
      "results", po::value<std::string>()->value_name("FILE")->default_value(defaults().results),
      "the results file (also EARSHOT_RESULTS, or in earshot.toml)");
}

}  // namespace earshot::host
