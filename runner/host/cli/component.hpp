#pragma once
#include <iosfwd>
#include <string>

#include "host/base/arguments.hpp"
#include "host/base/ask.hpp"
#include "host/base/failure.hpp"
#include "host/experiment/axis.hpp"
#include "host/plan/components.hpp"
#include "host/plan/planner.hpp"
#include "protocol/components.hpp"

namespace earshot::host {

/// Adds --option NAME=VALUE, for a component that is used without an experiment file.
void add_value_option(program_options::options_description& options);
/// The given texts by name, for protocol::typed(). @throws Failure (usage) if one is not NAME=VALUE
protocol::Json option_texts_of(const Arguments& given, const std::string& command);

/// A component that was named on the command line, with a value for every option.
struct OneComponent {
  std::string label{};  ///< its label in an experiment, or else its id as given
  std::string id{};     ///< "plugin/name"
  protocol::ComponentRef ref{};
  std::vector<protocol::FeatureSource> from{};         ///< what it reads, if it is a reader
  protocol::Json settings = protocol::Json::object();  ///< the options that results depend on
};

/// A component of an experiment as its cells use it, except for its pretraining: a reader is
/// connected to the encoders that it names.
/// @throws Failure as Components and Readers do
Resolved find_component(const Experiment& experiment,
                        const std::shared_ptr<const Component>& component, KnownPlugins& plugins);

/// The component `named`: an id, or FILE.toml:LABEL for one as an experiment configures it. Its
/// options are overridden by values of --option.
/// @throws Failure (usage) if it is unknown, an option is wrong, or a file or weights are missing.
OneComponent one_component(const Arguments& given, const std::string& command, Table table,
                           const std::string& named);

/// Asks a worker about a component, as ask() does. @throws WorkerError; Failure that names the
/// component if the worker dies or does not answer in time.
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

/// Writes what a constructed component reports about itself (`Facts` in protocol/components.hpp)
/// for people: a line for each fact, and a table of an evaluator's metrics. Unset facts are
/// omitted.
///
///     needs: 16000 Hz, 1 channel, at most 7 s (cropped to the beginning)
///     spec: dim 64, 100 frames per second
void print_facts(std::ostream& out, const protocol::Json& facts);

}  // namespace earshot::host
