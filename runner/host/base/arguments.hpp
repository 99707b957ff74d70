#pragma once
#include <optional>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

namespace earshot::host {

namespace program_options = boost::program_options;

/// The arguments that a subcommand accepts, and the text of `runner <command> --help`.
///
///     Syntax syntax{"status", "[EXPERIMENT]", "Shows how far an experiment is."};
///     syntax.options.add_options()("failed", "only cells that are not ok");
///     add_results_option(syntax.options);
///     syntax.positionals = {{"experiment", 1}};
///     syntax.examples = "  runner status ablation\n";
///     const auto given = parse(syntax, arguments);
///     if (!given) return ExitCode::ok;  // --help
///     const auto file = given->text("results");
struct Syntax {
  std::string command{};      ///< "status"
  std::string usage{};        ///< of the positional arguments, as shown: "[EXPERIMENT]"
  std::string description{};  ///< sentences
  program_options::options_description options{"Options"};
  /// Name and maximum number (-1: all the rest) of the positional arguments, in order. They need no
  /// entry in `options`.
  std::vector<std::pair<std::string, int>> positionals{};
  std::string examples{};  ///< whole lines, shown below the options
};

/// Option values by name.
class Arguments {
 public:
  explicit Arguments(program_options::variables_map values) : values_(std::move(values)) {}

  /// Whether it was given or has a default.
  bool has(const std::string& name) const { return values_.count(name) > 0; }
  /// Whether it was given explicitly, not just by default.
  bool given(const std::string& name) const { return has(name) && !values_[name].defaulted(); }
  template <class T>
  T get(const std::string& name) const {
    return values_[name].as<T>();
  }
  /// The text of an option or of a single positional argument; "" when it was not given.
  std::string text(const std::string& name) const;
  /// All values of a repeated option or of positional arguments; empty if there are none.
  std::vector<std::string> texts(const std::string& name) const;

 private:
  program_options::variables_map values_;
};

/// Parses the arguments after the command's name. Option names are never completed from a prefix.
/// @returns nullopt if `--help` was given: the help has been printed to stdout.
/// @throws Failure (usage) naming the argument, with the nearest option
std::optional<Arguments> parse(const Syntax& syntax, const std::vector<std::string>& arguments);

/// Adds `--results FILE`, whose default comes from defaults().
void add_results_option(program_options::options_description& options);

/// @throws Failure (usage) whose message ends with a pointer to the help: "; see 'runner status
/// --help'"
[[noreturn]] void refuse_usage(const std::string& command, const std::string& problem);

}  // namespace earshot::host
