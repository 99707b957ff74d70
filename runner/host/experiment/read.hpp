#pragma once
#include <map>
#include <string>
#include <vector>

#include "host/experiment/fields.hpp"
#include "host/experiment/source.hpp"

namespace earshot::host {

/// Like read_experiment(), with texts from `read` instead of files.
Experiment parse_experiment(const std::string& file, const Overrides& overrides,
                            const ReadText& read);

/// Tables of components, in the order in which messages name them; axes of these names exist.
const std::vector<std::string>& component_tables();

/// The keys that [<table>.LABEL] may have.
std::vector<std::string> component_keys(const std::string& table);

/// Names of the host's settings of components in a table; see Component::settings.
const std::vector<std::string>& setting_names(const std::string& table);

std::vector<std::string> labels(const Experiment& experiment, const std::string& table);

// Each reads one kind of section of `root` into the experiment; later ones rely on earlier ones.
void read_components(const Value& root, Experiment& experiment);
void read_blocks(const Value& root, Experiment& experiment);
void read_rules(const Value& root, Experiment& experiment);   ///< exclude, override, reference
void read_claims(const Value& root, Experiment& experiment);  ///< select, hypothesis, compare
void read_resources(const Value& root, Experiment& experiment);

/// Settings from a table that may hold other keys too, completed.
Json read_settings(const std::string& table, const Fields& fields);

/// Checks a value that an axis or override gives to "task.lr" or "dataset.limit".
/// @throws Failure
void check_assignment(const std::string& table, const std::string& name, const Value& value);

/// A table of conditions; axes and labels checked against the experiment's blocks.
Match read_match(const Value& value, const Experiment& experiment, const std::string& title);

/// All axes of all blocks with dataset and seed.
std::vector<std::string> axis_names(const Experiment& experiment);

/// Refuses a text that is not a label of the component table `axis`; accepts any for other axes.
void check_label(const Experiment& experiment, const std::string& axis, const Json& value,
                 const Position& position);

/// The tables of a list of tables, [[name]]; none when absent. @throws Failure
std::vector<const Value*> tables_of(const Value& root, const std::string& name);

/// s, from a number or a text with a unit: "90 s", "10min", "2h".
double read_seconds(const Fields& fields, const std::string& key, double fallback);
/// Bytes, from an integer or a text with a unit: "512MiB", "8 GiB". What is written as 0 is no
/// limit: the largest number.
std::int64_t read_bytes(const Fields& fields, const std::string& key, std::int64_t fallback);

}  // namespace earshot::host
