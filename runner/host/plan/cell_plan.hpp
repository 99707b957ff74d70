#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "host/plan/datasets.hpp"
#include "host/plan/plan.hpp"

namespace earshot::host {

/// What an evaluator says of itself under its options.
struct EvaluatorFacts {
  Json uses = Json::object();
  std::shared_ptr<const std::vector<protocol::Metric>> metrics{};
  Json versions = Json::object();  ///< metric -> version
  std::string primary{};
  std::string missing{};  ///< why it cannot be used

  bool needs(const char* what) const { return uses.value(what, false); }
  /// Whether its results depend on the encoder. A blind control's do not: one run of it serves
  /// every encoder.
  bool needs_encoder() const {
    return needs("features") || needs("codes") || needs("audio") || needs("learner");
  }
};

/// Turns cells of the matrix into planned ones: components, features, request, identity and key.
/// Decides nothing but what is excluded, left out or cannot run.
class CellPlanner {
 public:
  /// @param cache the folder with the pretrained encoders and language models
  CellPlanner(const Experiment& experiment, Components& components, Datasets& datasets,
              Informant& informant, const std::filesystem::path& cache, Plan& plan);

  PlannedCell plan(Cell cell);

  /// The facts of a cell's evaluator. @throws Failure (usage) for options that it refuses.
  /// `type`: of the label that its option `target` names, for one that declares `target_type`.
  const EvaluatorFacts& facts(const FoundComponent& task, const std::string& type = "");
  /// Data and components of a cell.
  const FoundDataset& dataset(const Cell& cell);

 private:
  struct Parts {
    const FoundComponent *encoder = nullptr, *task = nullptr, *mapper = nullptr,
                         *language_model = nullptr;
    const FoundDataset* dataset = nullptr;
    const EvaluatorFacts* facts = nullptr;
    std::string target_type{};  ///< "" where the evaluator does not ask for it
  };
  Parts parts(const Cell& cell);
  const FoundComponent& pretrained(const std::string& table, const CellComponent& component);
  FoundComponent pretrain(const std::string& table, const CellComponent& component,
                          const FoundComponent& found);
  void check_pretraining(const std::string& table, const FoundComponent& trainee,
                         const FoundComponent& trainer);
  protocol::DatasetRef dataset_ref(const FoundDataset& dataset, const Json& settings) const;
  std::string problem(const Cell& cell, const Parts& parts) const;
  void fill_request(const Parts& parts, PlannedCell& planned);
  void describe_checkpoint(const FoundComponent& encoder, PlannedCell& planned) const;
  void add_features(const Parts& parts, PlannedCell& planned);
  const std::string& source_key(const FoundComponent& encoder,
                                const protocol::FeatureSource& source);
  void identify(const Parts& parts, PlannedCell& planned) const;
  void take_part(const FoundComponent* component);

  const Experiment& experiment_;
  Components& components_;
  Datasets& datasets_;
  Informant& informant_;
  std::filesystem::path cache_;
  Plan& plan_;
  std::map<std::pair<const FoundComponent*, std::string>, EvaluatorFacts> facts_;
  std::map<const FoundComponent*, FoundComponent> pretrained_;  ///< by the untrained component
  std::map<std::string, std::string> source_keys_;  ///< of feature sources, by what they are
};

bool has_ability(const FoundComponent& component, const std::string& ability);

/// What of a dataset decides results.
Json identity_of(const protocol::DatasetRef& dataset);

}  // namespace earshot::host
