#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <tuple>

#include "host/plan/datasets.hpp"
#include "host/plan/plan.hpp"
#include "host/plan/readers.hpp"

namespace earshot::host {

/// What an evaluator reports about itself with its options.
struct EvaluatorFacts {
  protocol::Uses uses{};
  std::shared_ptr<const std::vector<protocol::Metric>> metrics{};
  std::map<std::string, std::int64_t> versions{};  ///< of metrics
  std::string primary{};
  std::string missing{};  ///< why it cannot be used
  /// Includes the type of the label that it predicts, if it has an option for that.
  std::shared_ptr<const protocol::ComponentRef> ref{};

  /// Whether its results depend on the encoder. Those of a blind control do not, so one run of it
  /// serves every encoder.
  bool needs_encoder() const { return uses.features || uses.codes || uses.audio || uses.learner; }
};

/// Turns cells of the matrix into planned ones: components, features, request, identity and key.
/// Adds datasets, features, pretraining and plugins to the plan. Decides only which
/// cells are excluded, left out or cannot run.
class CellPlanner {
 public:
  /// @param cache the folder with the pretrained encoders and language models
  CellPlanner(const Experiment& experiment, Components& components, Datasets& datasets,
              PluginQueries& queries, const std::filesystem::path& cache, Plan& plan);

  PlannedCell plan(Cell cell);

 private:
  struct Parts {
    Resolved encoder{}, task{}, mapper{}, language_model{};
    const FoundDataset* dataset = nullptr;
    const EvaluatorFacts* facts = nullptr;
  };
  /// A dataset as a cell or a training takes it.
  struct DatasetUse {
    const FoundDataset& found;
    const protocol::DatasetRef& dataset;
    const std::string& label;
    std::shared_ptr<const Component> task{};  ///< whose audio settings hold; null: no others
  };
  Parts parts(const Cell& cell);
  /// @param type  type of the label that its option `target` names, if it declares `target_type`
  /// @throws Failure (usage) if it refuses its options
  const EvaluatorFacts& facts(const Resolved& task, const std::string& type = "");
  Resolved connected(const std::shared_ptr<const Component>& component);
  Resolved ready(const std::shared_ptr<const Component>& component);
  Resolved pretrain(const Pretraining& pretraining, const Component& component,
                    const Resolved& found);
  void check_pretraining(const ResolvedComponent& trainee, const Resolved& trainer);
  std::string problem(const Cell& cell, const Parts& parts) const;
  std::shared_ptr<const protocol::DatasetRef> dataset_of(const FoundDataset& found,
                                                         const Cell& cell);
  void add_dataset(const Parts& parts, const PlannedCell& planned);
  void add_features(const Parts& parts, PlannedCell& planned);
  std::shared_ptr<const protocol::FeatureSource> source_of(const ReadEncoder& read,
                                                           const DatasetUse& use);
  std::string add_stage(const ReadEncoder& read, const DatasetUse& use);
  CellIdentity identity_of(const Parts& parts, const PlannedCell& planned) const;
  void take_part(const Resolved& component);

  const Experiment& experiment_;
  Components& components_;
  Datasets& datasets_;
  PluginQueries& queries_;
  std::filesystem::path cache_;
  Plan& plan_;
  std::map<std::pair<Resolved, std::string>, EvaluatorFacts> facts_;
  std::map<Resolved, Resolved> pretrained_;  ///< by the untrained component, connected
  Readers readers_;
  using Shared = std::shared_ptr<const Component>;
  /// By data, component and fold.
  std::map<std::tuple<const FoundDataset*, Shared, std::int64_t>,
           std::shared_ptr<const protocol::DatasetRef>>
      datasets_of_cells_;
  /// By encoder, its component and that of the task, whether it gives codes, and the dataset of a
  /// lookup.
  std::map<std::tuple<Resolved, Shared, Shared, bool, const FoundDataset*>,
           std::shared_ptr<const protocol::FeatureSource>>
      sources_;
};

}  // namespace earshot::host
