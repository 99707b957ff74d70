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

/// The keys that [<table>.LABEL] may have.
std::vector<std::string> component_keys(Table table);

/// Names of the host's settings for components of a table.
const std::vector<std::string>& setting_names(Table table);
Settings default_settings(Table table);

// Each reads one kind of section of `root` into the experiment; they rely on those before them.
void read_components(const Value& root, Experiment& experiment);
void read_blocks(const Value& root, Experiment& experiment);
void read_rules(const Value& root, Experiment& experiment);   ///< exclude, override, reference
void read_claims(const Value& root, Experiment& experiment);  ///< select, hypothesis, compare
void read_resources(const Value& root, Experiment& experiment);

/// Checks a value that an axis or override assigns to an option or setting.
/// @throws Failure
void check_assignment(Table table, const std::string& name, const Value& value);
/// Assigns a checked value to an option or setting of a component.
void assign(Component& component, const std::string& name, const Json& value,
            const Position& position);

/// A table of conditions, whose axes and labels are checked against the experiment's blocks.
Match read_match(const Value& value, const Experiment& experiment, const std::string& title);

/// All axes of all blocks, including dataset and seed.
std::vector<std::string> axis_names(const Experiment& experiment);

/// Refuses a text that is not a label of the component table `axis`; accepts any for other axes.
void check_label(const Experiment& experiment, const std::string& axis, const Value& value);

/// The tables of a list of tables, [[name]]; empty if absent. @throws Failure
std::vector<const Value*> tables_of(const Value& root, const std::string& name);

/// s, from a number or a text with a unit: "90 s", "10min", "2h".
double read_seconds(const Fields& fields, const std::string& key, double fallback);
/// Bytes, from an integer or a text with a unit: "512MiB", "8 GiB". 0 means no
/// limit and gives the largest number.
std::int64_t read_bytes(const Fields& fields, const std::string& key, std::int64_t fallback);

}  // namespace earshot::host
