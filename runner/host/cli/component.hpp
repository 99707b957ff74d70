#pragma once
#include <iosfwd>
#include <string>

#include "host/base/arguments.hpp"
#include "host/base/ask.hpp"
#include "host/base/failure.hpp"
#include "host/experiment/axis.hpp"
#include "protocol/components.hpp"

namespace earshot::host {

/// --option NAME=VALUE, of a component that is used without an experiment file.
void add_value_option(program_options::options_description& options);
/// Its texts by name, to be read by protocol::typed(). @throws Failure (usage): not NAME=VALUE
protocol::Json option_texts_of(const Arguments& given, const std::string& command);

/// A component that a command was given by name, found and with a value for every option.
struct OneComponent {
  std::string label{};  ///< as an experiment calls it, or else its id as given
  std::string id{};     ///< "plugin/name"
  protocol::ComponentRef ref{};
  protocol::Json settings = protocol::Json::object();  ///< the options that results depend on
};

/// The component `named`: an id, or FILE.toml:LABEL for one as an experiment has it; with the
/// values of --option on top.
/// @throws Failure (usage): unknown, an option is wrong, a file or weights are missing.
OneComponent one_component(const Arguments& given, const std::string& command, Table table,
                           const std::string& named);

/// Asks a worker about a component, as ask() does. @throws WorkerError; Failure that names the
/// component when the worker dies of the question or finds no end.
template <class Verb, class OnEvent = PassOver>
typename Verb::Result ask_about(const OneComponent& component, const std::string& command,
                                WorkerProcess& worker, const typename Verb::Request& request,
                                const AskLimits& limits, const OnEvent& on_event = {}) {
  try {
    return ask<Verb>(worker, request, limits, on_event);
  } catch (const WorkerError& error) {
    if (error.kind != "crash" && error.kind != "timeout") throw;
    throw Failure(ExitCode::cells_not_ok,
                  "runner " + command + ": " + component.id + ": " + error.what());
  }
}

/// Writes what a constructed component says of itself (`Facts` in protocol/components.hpp) for
/// people: a line for each fact, and a table of an evaluator's metrics. What is unset is left out.
///
///     needs: 16000 Hz, 1 channel, at most 7 s (cropped to the beginning)
///     spec: dim 64, 100 frames per second
void print_facts(std::ostream& out, const protocol::Json& facts);

}  // namespace earshot::host
