#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/datasets.hpp"

// The stages of a cell: pretraining, features, and fit, predict and score.

namespace earshot::protocol {

/// Trains an encoder or language model by fitting an evaluator on the dataset's training items.
/// Wide.
struct PretrainRequest {
  ComponentRef encoder{}, language_model{};  ///< one of the two
  std::vector<FeatureSource> from{};         ///< what a reader learns from in place of audio
  ComponentRef evaluator{};
  DatasetRef dataset{};
  std::int64_t seed = 0;
  std::string file{};   ///< for its state, in a folder of its own; if intact, nothing is to do
  std::string cache{};  ///< root folder of the feature cache, in which `from` must be
  std::string device = "cpu";
  std::int64_t threads = 1;
};
EARSHOT_FIELDS_OR_DEFAULTS(PretrainRequest, encoder, language_model, from, evaluator, dataset, seed,
                           file, cache, device, threads)

struct PretrainResult {
  bool reused = false;     ///< the file existed
  std::int64_t bytes = 0;  ///< size of the file
};
EARSHOT_FIELDS(PretrainResult, reused, bytes)

/// Features or codes of a dataset's clips. Wide: uses all `threads`. One pass over the audio serves
/// all sources; what a reader reads must be in the cache already.
struct FeaturesRequest {
  DatasetRef dataset{};
  std::vector<FeatureSource> sources{};
  std::string cache{};  ///< root folder of the feature cache
  std::string device = "cpu";
  std::int64_t threads = 1;
  bool keep_made_audio = false;  ///< keeps it in the cache, for other encoders
};
EARSHOT_FIELDS_OR_DEFAULTS(FeaturesRequest, dataset, sources, cache, device, threads,
                           keep_made_audio)

struct LostClip {
  std::string file{}, reason{};
};
EARSHOT_FIELDS_OR_DEFAULTS(LostClip, file, reason)

struct FeatureResult {
  std::string key{};
  std::int64_t clips = 0;     ///< distinct clips that the dataset's items use
  std::int64_t computed = 0;  ///< those that were not in the cache
  std::vector<LostClip> lost{};
  std::int64_t bytes = 0;       ///< size in the cache
  double audio_seconds = 0;     ///< duration of the computed clips
  double encode_seconds = 0;    ///< wall time in Encoder::encode for them
  std::int64_t peak_bytes = 0;  ///< peak resident memory of the worker in this pass
  /// Computed from a sample of training frames; null for codes, or if undefined.
  OrNull<double> effective_rank{};
  Facts facts = NoFacts();  ///< what `resolve` returns for the encoder
};
EARSHOT_FIELDS(FeatureResult, key, clips, computed, lost, bytes, audio_seconds, encode_seconds,
               peak_bytes, effective_rank, facts)

struct FeaturesResult {
  std::vector<FeatureResult> encoders{};  ///< one for each source
};
EARSHOT_FIELDS(FeaturesResult, encoders)

/// Fit, predict, mark and score of one cell. Narrow: one thread.
struct CellRequest {
  DatasetRef dataset{};
  std::vector<FeatureSource> features{};  ///< none or one; two if an encoder imitates a teacher
  ComponentRef evaluator{};
  ComponentRef mapper{};          ///< plugin is "" if the task has none
  ComponentRef language_model{};  ///< likewise
  std::int64_t seed = 0;
  std::string fit_key{};       ///< key of the fit stage, under which its state is kept for reuse
  std::string state_folder{};  ///< folder of fit states and checkpoints
  std::string artifact_folder{};
  std::string predict = "test";  ///< or "validation", to choose options
  std::string cache{};
  std::string device = "cpu";
  std::int64_t threads = 1;
  std::int64_t replicates = 2000;  ///< how often a score is computed for its interval, at most
  /// File with predictions of an external system (see the verb `predictions`), or the .state file
  /// with predictions of a cell. Those with this seed are marked and scored instead of what the
  /// evaluator would predict.
  std::string predictions{};
  /// That of the file; a different one is refused. "": any is accepted.
  std::string predictions_sha256{};
};
EARSHOT_FIELDS_OR_DEFAULTS(CellRequest, dataset, features, evaluator, mapper, language_model, seed,
                           fit_key, state_folder, artifact_folder, predict, cache, device, threads,
                           replicates, predictions, predictions_sha256)

/// One final metric of a run for one slice; all items are the slice 'all' of the dimension 'all'.
struct MetricRow {
  std::string slice_dimension{}, slice{}, metric{};
  std::string kind{};         ///< "mean" of marks, "score" of a slice, "report" of the run
  Json value{};               ///< null if not finite
  std::string nonfinite{};    ///< "", "nan", "+inf" or "-inf"
  std::int64_t n = 0;         ///< number of items or steps that it is computed from
  Json ci_low{}, ci_high{};   ///< 95 % interval; null if there is none
  std::string no_interval{};  ///< why there is none: "7 groups; at least 10 are needed"
};
EARSHOT_FIELDS(MetricRow, slice_dimension, slice, metric, kind, value, nonfinite, n, ci_low,
               ci_high, no_interval)

struct CellResult {
  std::int64_t declared = 0, used = 0;  ///< number of test items, and of predictions
  std::vector<LostClip> lost{};
  double fit_seconds = 0, predict_seconds = 0, score_seconds = 0;
  std::int64_t peak_bytes = 0;  ///< peak resident memory of the worker
  bool complete = true;         ///< false if the stage was asked to stop, and has saved its state
};
EARSHOT_FIELDS(CellResult, declared, used, lost, fit_seconds, predict_seconds, score_seconds,
               peak_bytes, complete)

}  // namespace earshot::protocol
