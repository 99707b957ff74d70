#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "host/export/formats.hpp"
#include "host/store/experiment_design.hpp"
#include "host/store/exported_runs.hpp"
#include "host/store/stage_costs.hpp"
#include "protocol/hash.hpp"

namespace earshot::host {
namespace {

/// The test runs that mteb shows as one result: those of a model and a task, over seeds and folds.
struct MtebResult {
  std::string model{}, task{}, dataset{};
  std::vector<const ExportedRun*> runs{};  ///< also those that are not finished
};

/// "organization/name", as mteb wants it.
std::string mteb_model(const ExportedRun& run) {
  auto name = run.encoder.empty() ? std::string("no_encoder") : run.encoder;
  for (const auto* part : {&run.mapper, &run.language_model})
    if (!part->empty()) name += '+' + *part;
  if (!run.variant.empty()) name += ',' + run.variant;
  return name.find('/') == std::string::npos ? "earshot/" + name : name;
}

std::vector<MtebResult> grouped(const std::vector<ExportedRun>& runs) {
  std::vector<MtebResult> results;
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> places;
  for (const auto& run : runs) {
    const auto model = mteb_model(run);
    const auto [place, fresh] =
        places.try_emplace(std::tuple(model, run.task, run.dataset), results.size());
    if (fresh) results.push_back({model, run.task, run.dataset, {}});
    results[place->second].runs.push_back(&run);
  }
  return results;
}

/// What mteb calls a revision, 40 digits: a hash of what the cells of a model know about encoder,
/// mapper and language model, which includes the content of weights and plugins.
std::string mteb_revision(const Store& store, const std::vector<const ExportedRun*>& runs) {
  std::set<std::string> parts;
  for (const auto* run : runs) {
    if (run->cell_key.empty()) continue;
    const auto identity = cell_identity(store, run->cell_key);
    Json model = Json::object();
    for (const auto* name : {"encoder", "mapper", "language_model", "imported"})
      if (identity.is_object() && identity.contains(name)) model[name] = identity[name];
    parts.insert(protocol::json_text(model));
  }
  return protocol::sha256(std::string_view(protocol::json_text(parts))).substr(0, 40);
}

/// Names of metrics share an object with these.
std::string key_of_metric(const std::string& metric) {
  static const std::set<std::string> taken = {"main_score",
                                              "hf_subset",
                                              "languages",
                                              "scores_per_experiment",
                                              "main_metric",
                                              "runs",
                                              "ci_low",
                                              "runs_planned",
                                              "seed",
                                              "fold",
                                              "n",
                                              "ci_high",
                                              "higher_is_better",
                                              "mteb_version"};
  return taken.contains(metric) ? metric + "_metric" : metric;
}

/// Means over the runs in which a number is finite.
class Means {
 public:
  void add(const std::string& name, double value) {
    auto& [sum, count] = sums_[name];
    sum += value;
    ++count;
  }
  bool contains(const std::string& name) const { return sums_.contains(name); }
  void write(Json& object) const {
    for (const auto& [name, mean] : sums_)
      object[name] = mean.first / static_cast<double>(mean.second);
  }

 private:
  std::map<std::string, std::pair<double, int>> sums_{};
};

/// The scores of one run over all items; adds them to the means.
Json scores_of_run(const Store& store, const ExportedRun& run, Means& means, Json& subset) {
  Json scores = {{"seed", run.seed}, {"fold", run.fold}};
  for (const auto& score : run_scores(store, run.run)) {
    if (score.dimension != "all") break;  // those over all items come first
    const auto name = key_of_metric(score.metric);
    scores[name] = score.value ? Json(*score.value) : Json();
    if (score.value) means.add(name, *score.value);
    if (!score.primary) continue;
    subset["main_metric"] = score.metric;
    subset["higher_is_better"] = score.higher_is_better;
    scores["main_score"] = scores[name];
    scores["n"] = score.n;
    if (score.value) means.add("main_score", *score.value);
    if (score.low && score.high) scores.update({{"ci_low", *score.low}, {"ci_high", *score.high}});
  }
  return scores;
}

/// A result file, and what is remarkable about it.
struct ResultFile {
  Json content = Json::object();
  bool incomplete = false, lower_is_better = false;
};

/// nullopt if no run has a finite score.
std::optional<ResultFile> result_file(const Store& store, const MtebResult& result,
                                      const std::string& task) {
  Means means;
  Json subset = {{"hf_subset", "default"},
                 {"languages", {"und-Zxxx"}},  // undetermined, not written (ISO 639-3, 15924)
                 {"scores_per_experiment", Json::array()}};
  std::set<std::string> revisions;
  std::optional<double> seconds;
  std::int64_t ended = 0;
  for (const auto* run : result.runs) {
    if (run->state != "ok") continue;
    subset["scores_per_experiment"].push_back(scores_of_run(store, *run, means, subset));
    revisions.insert(run->dataset_key);
    if (run->seconds) seconds = seconds.value_or(0) + *run->seconds;
    ended = std::max(ended, run->ended_ms);
  }
  if (!means.contains("main_score")) return std::nullopt;
  means.write(subset);
  const auto finished = subset["scores_per_experiment"].size();
  subset["runs"] = finished;
  subset["runs_planned"] = result.runs.size();
  std::string revision;
  for (const auto& key : revisions)
    revision += (revision.empty() ? "" : ",") + key;
  ResultFile file;
  file.incomplete = finished < result.runs.size();
  file.lower_is_better = !subset["higher_is_better"].get<bool>();
  file.content = {{"dataset_revision", revision},
                  {"task_name", task},
                  {"mteb_version", nullptr},
                  {"scores", {{"test", Json::array({subset})}}},
                  {"evaluation_time", seconds ? Json(*seconds) : Json()},
                  {"kg_co2_emissions", nullptr},
                  {"date", static_cast<double>(ended) / 1000}};
  return file;
}

/// What mteb wants to know about a model, null where Earshot does not know it.
Json model_meta(const std::string& name, const std::string& revision,
                const std::vector<const ExportedRun*>& runs,
                const std::map<std::string, CellCost>& costs) {
  Json meta = {{"name", name},
               {"revision", revision},
               {"modalities", {"audio"}},
               {"framework", Json::array()}};
  for (const auto* unknown :
       {"loader", "release_date", "languages", "n_parameters", "memory_usage_mb", "max_tokens",
        "embed_dim", "license", "open_weights", "public_training_code", "public_training_data",
        "similarity_fn_name", "use_instructions", "training_datasets"})
    meta[unknown] = nullptr;
  for (const auto* run : runs) {
    if (run->pretrain_data.is_array()) meta["training_datasets"] = run->pretrain_data;
    const auto cost = costs.find(run->cell_key.substr(0, cost_key_length));
    if (cost != costs.end() && cost->second.parameters)
      meta["n_parameters"] = *cost->second.parameters;
  }
  return meta;
}

/// File names that differ, however similar the texts are.
class FileNames {
 public:
  explicit FileNames(std::set<std::string> taken = {}) : taken_(std::move(taken)) {}
  std::string name(const std::string& text) {
    std::string path;  // as mteb.ResultCache looks for names
    for (const char character : text)
      path += character == '/' ? "__" : std::string(1, character == ' ' ? '_' : character);
    auto name = file_name_of(path);
    if (!taken_.insert(name).second) {
      name += '-' + protocol::sha256(std::string_view(text)).substr(0, 8);
      taken_.insert(name);
    }
    return name;
  }

 private:
  std::set<std::string> taken_;
};

/// Tasks on several datasets, whose results need different names.
std::set<std::string> tasks_on_several_datasets(const std::vector<MtebResult>& results) {
  std::map<std::string, std::set<std::string>> datasets;
  for (const auto& result : results)
    datasets[result.task].insert(result.dataset);
  std::set<std::string> tasks;
  for (const auto& [task, names] : datasets)
    if (names.size() > 1) tasks.insert(task);
  return tasks;
}

std::string sentence(std::size_t count, const std::string& predicate) {
  return std::to_string(count) + (count == 1 ? " result " : " results ") + predicate;
}

}  // namespace

ExportRemarks export_to_mteb(const Store& store, const std::string& experiment,
                             ExportFolder& folder) {
  const Snapshot snapshot(store);
  const auto runs = exported_runs(store, experiment);
  const auto costs = cell_costs(store, experiment);
  const auto results = grouped(runs);
  const auto several = tasks_on_several_datasets(results);
  std::map<std::string, std::vector<const MtebResult*>> models;
  for (const auto& result : results)
    models[result.model].push_back(&result);
  FileNames places;
  std::size_t empty = 0, incomplete = 0, inverted = 0;
  for (const auto& [model, parts] : models) {
    std::vector<const ExportedRun*> of_model;
    for (const auto* part : parts)
      of_model.insert(of_model.end(), part->runs.begin(), part->runs.end());
    const auto revision = mteb_revision(store, of_model);
    const auto place = std::filesystem::path("results") / places.name(model) / revision;
    FileNames names({"model_meta"});
    bool any = false;
    for (const auto* part : parts) {
      const auto task =
          several.contains(part->task) ? part->task + '-' + part->dataset : part->task;
      const auto file = result_file(store, *part, task);
      if (!file) {
        ++empty;
        continue;
      }
      any = true;
      incomplete += file->incomplete ? 1 : 0;
      inverted += file->lower_is_better ? 1 : 0;
      folder.write(place / (names.name(task) + ".json"),
                   protocol::json_text(file->content, 2) + '\n');
    }
    if (any)
      folder.write(place / "model_meta.json",
                   protocol::json_text(model_meta(model, revision, of_model, costs), 2) + '\n');
  }
  ExportRemarks remarks;
  if (empty > 0) remarks.push_back(sentence(empty, "left out: no run has ended with a score"));
  if (incomplete > 0)
    remarks.push_back(sentence(incomplete,
                               "over fewer runs than planned, as `runs` and "
                               "`runs_planned` say"));
  if (inverted > 0)
    remarks.push_back(sentence(inverted,
                               "with a main score of which lower is better; mteb takes "
                               "higher for better"));
  return remarks;
}

}  // namespace earshot::host
