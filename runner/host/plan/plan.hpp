#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/experiment/matrix.hpp"
#include "host/plan/cell_identity.hpp"
#include "protocol/stages.hpp"

namespace earshot::host {

enum class Decision {
  run,       ///< new, failed before, or something that it depends on has changed
  cached,    ///< an ok run with this key is in the store
  excluded,  ///< by a rule of the experiment, or a seed that can change nothing
  left_out,  ///< by --only, --skip or --limit
  skipped,   ///< cannot run: missing weights or data, or the component cannot do this
};

struct PlannedCell {
  Cell cell{};
  std::string key{};        ///< SHA-256; "" if a part has no hash (then skipped)
  CellIdentity identity{};  ///< what the key is the hash of
  Decision decision = Decision::run;
  /// Why it cannot run, even if it is also left out; "" if it can run (then it has a key).
  std::string skipped{};
  std::string reason{};  ///< "new"; "htsat.so changed (9b1f -> c204)"; "failed before: ..."
  std::string dataset_key{};
  std::string features{};              ///< key of the features stage; "" if the task uses none
  std::vector<std::string> sources{};  ///< those that its encoder reads, if the task trains it
  /// Keys of the pretrain stages of its components, and of the encoders that its encoder reads.
  std::vector<std::string> pretrain{};
  /// What its worker is given, shared by all cells that use it. Null: it uses none, or cannot run.
  std::shared_ptr<const protocol::DatasetRef> dataset{};
  std::shared_ptr<const protocol::FeatureSource> source{};
  std::shared_ptr<const protocol::ComponentRef> evaluator{}, mapper{}, language_model{};
  std::string fit_key{};                            ///< "" for imported predictions
  std::string predictions{}, predictions_sha256{};  ///< as protocol::CellRequest has them
  std::shared_ptr<const std::vector<protocol::Metric>> metrics{};  ///< those of its task; or null
  std::string primary{};                                           ///< name of the primary metric
  std::string weights{};  ///< those of the encoder, as written ("random" included), or ""
  /// What the weights were trained on, and whether that includes the dataset or a similar one.
  /// Absent if unknown.
  std::optional<std::vector<std::string>> pretrain_data{};
  std::optional<bool> in_domain{};

  const char* split() const { return identity.validation ? "validation" : "test"; }
  /// Everything that a worker needs, except folders, device and threads.
  protocol::CellRequest request() const;
};

/// Training of an encoder or language model, which is done before every stage that uses it.
struct PretrainStage {
  std::string key{};
  Table table = Table::encoder;  ///< the table of the trained component: encoder or language_model
  std::string label{};
  std::string dataset_label{};
  std::vector<std::string> sources{};   ///< keys of the features stages that a reader learns from
  protocol::PretrainRequest request{};  ///< without cache, device and threads

  /// "encoder" or "language model"
  std::string trainee() const { return table == Table::encoder ? "encoder" : "language model"; }
};

/// Features that planned cells read and that the cache may lack. Stages of one dataset share a
/// pass over its audio. The stage of a reader takes no audio: it reads other stages.
struct FeatureStage {
  std::string key{};
  std::string dataset_label{}, encoder_label{};
  protocol::DatasetRef dataset{};
  protocol::FeatureSource source{};
  std::string pretrain{};              ///< key of the stage that trains the encoder, or ""
  std::vector<std::string> sources{};  ///< keys of the stages that a reader reads, in its order
};

struct PlannedDataset {
  std::string label{}, key{};
  protocol::ComponentRef component{};
  protocol::DatasetInfo info{};
  protocol::LeftOuts left_out{};
};

/// A plugin that is used, for provenance.
struct PlannedPlugin {
  std::string name{}, version{}, path{}, sha256{};
};

/// Everything needed to run an experiment; nothing has been computed yet.
struct Plan {
  Experiment experiment{};
  std::vector<PlannedCell> cells{};                  ///< all in order, including excluded ones
  std::map<std::string, PretrainStage> pretrain{};   ///< by key
  std::map<std::string, FeatureStage> features{};    ///< by key
  std::map<std::string, PlannedDataset> datasets{};  ///< by dataset key
  std::vector<PlannedPlugin> plugins{};
  std::vector<std::string> notes{};  ///< "seed changes nothing in knn: 1 of 3 seeds runs"

  /// Keys of all features stages that a cell needs, each once and after those that it reads: what
  /// its trainings and its own encoder learn from, and its features.
  std::vector<std::string> features_of(const PlannedCell& cell) const;
};

}  // namespace earshot::host
