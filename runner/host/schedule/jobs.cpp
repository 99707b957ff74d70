#include "host/schedule/jobs.hpp"

#include <algorithm>
#include <map>

#include "host/base/process_tree.hpp"
#include "host/schedule/requests.hpp"
#include "protocol/hash.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

std::string dataset_label(const Plan& plan, const std::string& key) {
  const auto found = plan.datasets.find(key);
  return found == plan.datasets.end() ? key.substr(0, 8) : found->second.label;
}

std::string name_of_features(const Plan& plan, const std::vector<std::string>& keys) {
  std::vector<std::string> encoders;
  encoders.reserve(keys.size());
  for (const auto& key : keys)
    encoders.push_back(plan.features.at(key).encoder_label);
  return "features of " + plan.features.at(keys.front()).dataset_label + ": " +
         protocol::join(encoders);
}

/// Keys of the feature stages that a cell, a training or a reader reads.
std::vector<std::string> features_needed(const Plan& plan, const Job& job) {
  if (job.kind == Job::Kind::pretrain) return plan.pretrain.at(job.pretrain).sources;
  if (job.kind == Job::Kind::features) return plan.features.at(job.features.front()).sources;
  auto needed = plan.cells[job.cell].sources;
  needed.push_back(plan.cells[job.cell].features);
  return needed;
}

class Builder {
 public:
  Builder(const Plan& plan, const std::set<std::string>& with_items)
      : plan_(plan), with_items_(with_items) {}

  Jobs build() {
    find_needed();
    for (const auto& key : datasets_)
      add_items(key);
    for (const auto& key : trainings_)
      add_pretraining(key);
    for (std::size_t pass = 0; pass < passes_.size(); ++pass)
      add_features(pass);
    for (const auto cell : cells_)
      add_cell(cell);
    return std::move(jobs_);
  }

 private:
  /// The default for a limit that is not set.
  std::int64_t limit_of(std::int64_t memory) const {
    return memory == 0 ? default_memory_ : memory;
  }

  /// Collects the cells that get a job and the stages that they need, in the order of first use.
  void find_needed() {
    std::map<std::string, std::size_t> passes;
    std::set<std::string> seen;
    for (std::size_t index = 0; index < plan_.cells.size(); ++index) {
      const auto& cell = plan_.cells[index];
      if (cell.decision != Decision::run) continue;
      cells_.push_back(index);
      if (!with_items_.contains(cell.dataset_key) && seen.insert(cell.dataset_key).second)
        datasets_.push_back(cell.dataset_key);
      for (const auto& training : cell.pretrain)
        if (seen.insert(training).second) trainings_.push_back(training);
      for (const auto& features : plan_.features_of(cell))
        if (seen.insert(features).second) join_pass(features, passes);
    }
  }

  /// A reader takes no audio, so that it has no pass to share.
  void join_pass(const std::string& features, std::map<std::string, std::size_t>& passes) {
    const auto& stage = plan_.features.at(features);
    const auto pass = !stage.sources.empty()
                          ? features
                          : stage.pretrain + protocol::canonical(Json(without_fold(stage.dataset)));
    const auto [place, fresh] = passes.try_emplace(pass, passes_.size());
    if (fresh) passes_.emplace_back();
    passes_[place->second].push_back(features);
    pass_of_[features] = place->second;
  }

  void add_items(const std::string& key) {
    Job job;
    job.kind = Job::Kind::items;
    job.name = "items of " + dataset_label(plan_, key);
    job.dataset = key;
    job.timeout = plan_.experiment.resources.timeout;
    job.memory = limit_of(plan_.experiment.resources.memory);
    job_of_[key] = jobs_.size();
    jobs_.push_back(std::move(job));
  }

  /// After the features that it learns from.
  void add_pretraining(const std::string& key) {
    if (job_of_.contains(key)) return;
    const auto& stage = plan_.pretrain.at(key);
    for (const auto& source : stage.sources)
      add_features(pass_of_.at(source));
    Job job;
    job.kind = Job::Kind::pretrain;
    job.name = "pretraining of " + stage.label + " on " + stage.dataset_label;
    job.pretrain = key;
    job.wide = several_threads_;
    job.timeout = plan_.experiment.resources.timeout;
    job.memory = limit_of(plan_.experiment.resources.memory);
    job_of_[key] = jobs_.size();
    for (const auto& source : stage.sources)
      wait_for(source, job);
    jobs_.push_back(std::move(job));
  }

  /// After the training of its encoder, and the features that it reads.
  void add_features(std::size_t pass) {
    const auto& keys = passes_[pass];
    if (job_of_.contains(keys.front())) return;
    const auto& stage = plan_.features.at(keys.front());
    if (!stage.pretrain.empty()) add_pretraining(stage.pretrain);
    for (const auto& source : stage.sources)
      add_features(pass_of_.at(source));
    Job job;
    job.kind = Job::Kind::features;
    job.name = name_of_features(plan_, keys);
    job.features = keys;
    job.dataset = stage.dataset.key;
    job.wide = several_threads_;
    job.timeout = plan_.experiment.resources.timeout;
    job.memory = limit_of(plan_.experiment.resources.memory);
    for (const auto& key : keys)
      job_of_[key] = jobs_.size();
    wait_for(stage.pretrain, job);
    for (const auto& source : stage.sources)
      wait_for(source, job);
    jobs_.push_back(std::move(job));
  }

  void add_cell(std::size_t index) {
    const auto& cell = plan_.cells[index];
    const auto& resources = plan_.experiment.resources;
    Job job;
    job.name = cell.cell.label();
    job.cell = index;
    job.dataset = cell.dataset_key;
    // A language model computes with all threads; a probe with one.
    job.wide = several_threads_ && cell.language_model != nullptr;
    job.timeout = cell.cell.resources.timeout.value_or(resources.timeout);
    job.memory = limit_of(cell.cell.resources.memory.value_or(resources.memory));
    wait_for(cell.dataset_key, job);
    for (const auto& needs : {features_needed(plan_, job), cell.pretrain})
      for (const auto& need : needs)
        wait_for(need, job);
    widen_features(job);
    jobs_.push_back(std::move(job));
  }

  /// Makes the job that is added next wait for the job that does `need`, if there is one.
  void wait_for(const std::string& need, Job& next) {
    const auto found = job_of_.find(need);
    if (found == job_of_.end()) return;
    auto& needed = jobs_[found->second];
    needed.dependants.push_back(jobs_.size());
    ++next.waits_for;
    if (next.kind == Job::Kind::cell && needed.kind != Job::Kind::items) widen(needed, next);
  }

  /// Also the stages that a cell waits for through others.
  void widen_features(const Job& cell) {
    for (const auto& key : plan_.features_of(plan_.cells[cell.cell]))
      if (const auto found = job_of_.find(key); found != job_of_.end())
        widen(jobs_[found->second], cell);
  }

  /// The limit of shared work is the highest of its cells; 0 means no limit.
  static void widen(Job& shared, const Job& cell) {
    const auto most = [](auto a, auto b) { return a == 0 || b == 0 ? 0 : std::max(a, b); };
    shared.timeout = most(shared.timeout, cell.timeout);
    shared.memory = most(shared.memory, cell.memory);
  }

  const Plan& plan_;
  const std::set<std::string>& with_items_;
  const std::int64_t default_memory_ = default_memory_limit();
  const bool several_threads_ = plan_.experiment.resources.threads != 1;
  Jobs jobs_{};
  std::vector<std::string> datasets_{};
  std::vector<std::string> trainings_{};
  std::vector<std::vector<std::string>> passes_{};  ///< keys of features stages
  std::map<std::string, std::size_t> pass_of_{};    ///< by key of a features stage
  std::vector<std::size_t> cells_{};
  std::map<std::string, std::size_t> job_of_{};  ///< dataset, pretrain or features key
};

}  // namespace

Jobs build_jobs(const Plan& plan, const std::set<std::string>& with_items) {
  return Builder(plan, with_items).build();
}

std::vector<std::size_t> split_features(Jobs& jobs, std::size_t index, const Plan& plan) {
  std::map<std::string, std::size_t> job_of;
  std::vector<std::size_t> added;
  const auto whole = jobs[index];
  for (const auto& key : whole.features) {
    Job job = whole;
    job.features = {key};
    job.name = name_of_features(plan, job.features);
    job.dependants.clear();
    job.attempts = 0;
    job_of[key] = jobs.size();
    added.push_back(jobs.size());
    jobs.push_back(std::move(job));
  }
  for (const auto dependant :
       std::set<std::size_t>(whole.dependants.begin(), whole.dependants.end()))
    for (const auto& key : features_needed(plan, jobs[dependant]))
      if (const auto found = job_of.find(key); found != job_of.end())
        jobs[found->second].dependants.push_back(dependant);
  jobs[index].dependants.clear();
  return added;
}

}  // namespace earshot::host
