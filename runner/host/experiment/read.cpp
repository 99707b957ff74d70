#include "host/experiment/read.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "base/sizes.hpp"
#include "host/base/failure.hpp"

namespace earshot::host {

std::string Position::folder() const {
  return line == 0 ? "." : std::filesystem::path(file).parent_path().string();
}

std::vector<const Value*> tables_of(const Value& root, const std::string& name) {
  const auto* list = root.find(name);
  if (list == nullptr) return {};
  if (!list->is_list()) refuse_type(*list, name, "tables, each under [[" + name + "]]");
  std::vector<const Value*> tables;
  for (const auto& child : list->children) {
    if (!child.is_table()) refuse_type(child, "[[" + name + "]]", "a table");
    tables.push_back(&child);
  }
  return tables;
}

namespace {

double read_quantity(const Fields& fields, const std::string& key, double fallback,
                     const base::Units& units, const std::string& expected) {
  const auto* value = fields.find(key);
  if (value == nullptr) return fallback;
  const auto& scalar = value->scalar;
  double number = -1;
  if (scalar.is_number()) number = scalar.get<double>();
  if (scalar.is_string())
    number = base::parse_quantity(scalar.get<std::string>(), units).value_or(-1);
  if (!(number >= 0 && number < 9e18)) refuse_type(*value, key, expected);
  return number;
}

void read_head(const Value& root, Experiment& experiment) {
  const auto* table = root.find("experiment");
  if (table == nullptr)
    refuse(root.position, "there is no [experiment]; expected a table with a name");
  const Fields fields(*table, "[experiment]", {"name", "question", "extends", "key", "max_cells"});
  experiment.name = fields.required_text("name");
  check_plain_name(fields.require("name").position, "the name", experiment.name);
  experiment.question = fields.text("question");
  experiment.key_policy = fields.choice("key", {"bytes", "version"});
  experiment.max_cells = fields.integer("max_cells", experiment.max_cells, 1);
}

}  // namespace

double read_seconds(const Fields& fields, const std::string& key, double fallback) {
  return read_quantity(fields, key, fallback, base::second_units(),
                       "seconds, or a string such as '90s', '10min' or '2h'");
}

std::int64_t read_bytes(const Fields& fields, const std::string& key, std::int64_t fallback) {
  const auto bytes = static_cast<std::int64_t>(
      read_quantity(fields, key, static_cast<double>(fallback), base::byte_units(),
                    "bytes, or a string such as '512MiB' or '8GiB'"));
  // A limit written as 0 means none; a limit that is not written is 0 here, and gets its default.
  return bytes == 0 && fields.find(key) != nullptr ? std::numeric_limits<std::int64_t>::max()
                                                   : bytes;
}

void read_resources(const Value& root, Experiment& experiment) {
  if (const auto* table = root.find("statistics"))
    experiment.replicates =
        Fields(*table, "[statistics]", {"replicates"}).integer("replicates", 2000, 0);
  const auto* table = root.find("resources");
  if (table == nullptr) return;
  const Fields fields(*table, "[resources]",
                      {"jobs", "threads", "timeout", "memory", "attempts", "device"});
  auto& resources = experiment.resources;
  resources.jobs = fields.integer("jobs", resources.jobs, 0);
  resources.threads = fields.integer("threads", resources.threads, 0);
  resources.timeout = read_seconds(fields, "timeout", resources.timeout);
  resources.memory = read_bytes(fields, "memory", resources.memory);
  resources.attempts = fields.integer("attempts", resources.attempts, 1);
  resources.device = fields.text("device", resources.device);
}

Experiment parse_experiment(const std::string& file, const Overrides& overrides,
                            const ReadText& read) {
  Experiment experiment;
  experiment.file = file;
  experiment.source = read(file);
  const auto root = load(file, overrides.set, read);
  const Fields sections(
      root, "the experiment file",
      {"experiment", "dataset", "encoder", "mapper", "language_model", "task", "matrix", "exclude",
       "override", "select", "hypothesis", "compare", "reference", "resources", "statistics"});
  read_head(root, experiment);
  read_components(root, experiment);
  read_blocks(root, experiment);
  read_rules(root, experiment);
  read_claims(root, experiment);
  read_resources(root, experiment);
  experiment.resolved = to_json(root);
  return experiment;
}

Experiment read_experiment(const std::string& file, const Overrides& overrides) {
  return parse_experiment(file, overrides, read_text);
}

std::string experiment_name(const std::string& name_or_file) {
  const auto revision = std::min(name_or_file.find('@'), name_or_file.size());
  const auto file = name_or_file.substr(0, revision);
  if (!file.ends_with(".toml")) return name_or_file;
  const auto root = parse_toml(read_text(file), file);
  const auto* table = root.find("experiment");
  const auto* name = table == nullptr || !table->is_table() ? nullptr : table->find("name");
  const bool written = name != nullptr && name->scalar.is_string() &&
                       name->scalar.get<std::string>().find("${") == std::string::npos;
  return (written ? name->scalar.get<std::string>() : read_experiment(file, {}).name) +
         name_or_file.substr(revision);
}

}  // namespace earshot::host
