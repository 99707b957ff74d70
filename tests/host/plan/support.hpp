#pragma once
#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include "files.hpp"
#include "host/base/failure.hpp"
#include "host/experiment/read.hpp"
#include "host/plan/planner.hpp"
#include "protocol/hash.hpp"
#include "temporary_folder.hpp"

namespace earshot::host {

/// A folder for one test, with files that look old.
class Folder : public earshot::testing::TemporaryFolder {
 public:
  /// Writes a file with a time of one day ago, and returns its path.
  std::string write(const std::string& name, const std::string& text) const {
    const auto file = *this / name;
    earshot::testing::write(file, text);
    age(file, std::chrono::hours(24));
    return file.string();
  }
  static void age(const std::filesystem::path& file, std::chrono::seconds by) {
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - by);
  }
};

using earshot::testing::wait_until_settled;

/// Answers from tables, and counts the questions.
class ScriptedQueries : public PluginQueries {
 public:
  std::map<std::string, Json> plugins{};      ///< by file name: as inspect() answers
  std::map<std::string, Json> facts{};        ///< by component
  std::map<std::string, Listing> listings{};  ///< by component
  std::map<std::string, std::pair<std::string, std::string>> errors{};  ///< kind and message
  int inspected = 0, resolved = 0, listed = 0;

  std::vector<Json> inspect(const std::vector<std::string>& files) override {
    std::vector<Json> answers;
    for (const auto& file : files) {
      ++inspected;
      answers.push_back(plugins.at(std::filesystem::path(file).filename().string()));
    }
    return answers;
  }
  protocol::Facts resolve(const protocol::ComponentRef& component) override {
    ++resolved;
    complain(component);
    return facts.at(component.component).get<protocol::Facts>();
  }
  Listing list(const protocol::ComponentRef& dataset) override {
    ++listed;
    complain(dataset);
    return listings.at(dataset.component);
  }

 private:
  void complain(const protocol::ComponentRef& component) const {
    const auto error = errors.find(component.component);
    if (error != errors.end()) throw WorkerError(error->second.first, error->second.second);
  }
};

inline protocol::OptionSpec option(const std::string& name, protocol::OptionType type, Json value,
                                   const std::string& role = "") {
  protocol::OptionSpec spec;
  spec.name = name;
  spec.type = type;
  spec.value = std::move(value);
  spec.role = role;
  return spec;
}

inline Json plugin(const std::string& name, const std::string& kind,
                   const std::vector<std::pair<std::string, protocol::OptionSchema>>& components,
                   const std::vector<std::string>& abilities = {}) {
  protocol::PluginInfo info;
  info.name = name;
  info.version = "1.0.0";
  for (const auto& [component, options] : components)
    info.components.push_back({kind, component, "", options, abilities});
  return {{"info", info}};
}

inline Json evaluator_facts(bool seed, std::vector<std::string> uses = {"features"}) {
  Json facts{{"uses", {{"seed", seed}}},
             {"metrics",
              {{{"name", "loss"}, {"higher_is_better", false}, {"version", 1}},
               {{"name", "accuracy"}, {"primary", true}, {"version", 1}}}}};
  for (const auto& use : uses)
    facts["uses"][use] = true;
  return facts;
}

/// A world of two encoders, two evaluators and two datasets, and an experiment on it.
struct World {
  Folder folder{};
  ScriptedQueries queries{};
  std::vector<std::string> files{};
  std::string sound = folder.write("data/a.wav", "sound");

  World() {
    using protocol::OptionType;
    auto jobs = option("workers", OptionType::integer, 1);
    jobs.affects_results = false;
    add("mel.so",
        plugin("mel", "encoder",
               {{"log_mel",
                 {option("mels", OptionType::integer, 64),
                  option("weights", OptionType::weights, {{"source", "random"}, {"path", ""}}),
                  option("table", OptionType::path, ""), jobs}}}));
    add("codec.so", plugin("codec", "encoder", {{"codec", {}}}, {"codec"}));
    add("words.so", plugin("words", "language_model", {{"words", {}}}));
    add("probe.so", plugin("probe", "evaluator",
                           {{"probe",
                             {option("target", OptionType::text, "", "target_label"),
                              option("lr", OptionType::number, 0.1)}},
                            {"knn", {option("target", OptionType::text, "", "target_label")}},
                            {"tokens", {}}}));
    add("data.so", plugin("data", "dataset",
                          {{"folder", {option("root", OptionType::path, "")}},
                           {"made", {option("world", OptionType::integer, 0)}}}));
    queries.facts = {{"probe", evaluator_facts(true)},
                     {"knn", evaluator_facts(false)},
                     {"tokens", evaluator_facts(true, {"codes"})}};
    Listing real;
    real.info.items = 100;
    real.info.train = 60;
    real.info.test = 40;
    real.info.folds = {1, 2};
    real.info.labels = {{"class", "class", "", {"a", "b"}}};
    real.info.slices = {{"category", {{"loud", 50}, {"quiet", 50}}}};
    real.info.items_hash = protocol::sha256(std::string_view("items"));
    real.files = {sound};
    queries.listings["folder"] = real;
    real.files.clear();
    real.info.synthesized = true;
    queries.listings["made"] = real;
  }

  void add(const std::string& name, const Json& answer) {
    files.push_back(folder.write("plugins/" + name, name));
    queries.plugins[name] = answer;
  }

  static std::string text() {
    return R"([experiment]
name = "world"
[dataset.real]
use = "folder"
options = { root = "data" }
[dataset.made]
use = "made"
[encoder.mel]
use = "log_mel"
[encoder.codec]
use = "codec"
[task.probe]
use = "probe"
dataset = "real"
options = { target = "class" }
[[matrix]]
)";
  }

  Plan plan(const std::string& end, const Overrides& overrides = {}, const Store* store = nullptr) {
    const auto file = (folder / "x.toml").string();
    const auto experiment =
        parse_experiment(file, overrides, [&](const std::string&) { return text() + end; });
    HashCache hashes(folder / "cache");
    CachedQueries remembering(queries, hashes, folder / "cache", "worker");
    const Catalog catalog(files, remembering, hashes);
    return make_plan(experiment, overrides, catalog, remembering, hashes, folder / "cache", store);
  }

  /// The message of the Failure that planning ends with, without the folder.
  std::string refused(const std::string& end, ExitCode code = ExitCode::usage) {
    try {
      plan(end);
    } catch (const Failure& failure) {
      std::string message = failure.what();
      for (auto at = message.find(folder.path().string()); at != std::string::npos;
           at = message.find(folder.path().string()))
        message.erase(at, folder.path().string().size() + 1);
      return failure.code() == code ? message : "another exit code: " + message;
    }
    return "no failure";
  }
};

/// Records a plan as a run does.
inline std::vector<CellRecord> record(Store& store, const Plan& plan) {
  ExperimentRecord experiment;
  experiment.name = plan.experiment.name;
  experiment.resolved = plan.experiment.resolved;
  std::vector<CellRecord> cells;
  std::vector<DatasetRecord> datasets;
  for (const auto& [key, dataset] : plan.datasets)
    datasets.push_back({key, dataset.label, "folder", dataset.info});
  for (const auto& planned : plan.cells) {
    CellRecord cell;
    cell.key = planned.key;
    cell.identity = planned.identity.json();
    cell.axes = planned.cell.axes.pairs();
    cell.encoder = planned.cell.encoder.label;
    cell.task = planned.cell.task.label;
    cell.dataset = planned.cell.dataset.label;
    cell.dataset_key = planned.dataset_key;
    cell.seed = planned.cell.seed;
    cells.push_back(cell);
  }
  store.record_plan(experiment, cells, datasets, Json::object());
  return cells;
}

}  // namespace earshot::host
