#pragma once
#include <optional>
#include <string>

#include "host/base/arguments.hpp"
#include "host/experiment/experiment.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// The file that the results have an experiment of this name of, when it is another than the one
/// that is to run now: neither the same file nor one of the same text.
std::optional<std::string> other_file(const Store& store, const Experiment& experiment);

/// Adds --replace, for require_same_file().
void add_replace_option(program_options::options_description& options);

/// Refuses to make a file the latest revision of an experiment that is of another file, unless
/// --replace is given, or a person at the terminal agrees.
/// @throws Failure (usage) that names both files and what to do
void require_same_file(const Store& store, const Experiment& experiment, const Arguments& given);

}  // namespace earshot::host
