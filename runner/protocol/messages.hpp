#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/json.hpp"
#include "protocol/option_schema.hpp"

// What runner and worker say to each other. The worker begins with {"type": "hello", ...Hello}.
// A request is {"type": <verb>, "id": N, ...fields of its struct}. The answer is any number of
// events with that id (progress, files, items, lint_files, lost, predictions, metric, curve, spent,
// artifact, stage, warning), then one of
//   {"type": "done",   "id": N, "result": {...}}
//   {"type": "failed", "id": N, "kind": "config|data|contract|unsupported|bug", "message": "..."}
// Either may have "leftovers": what the request left running, so that the worker is ended; and
// "warnings": what a plugin changed in the process and was put back.
// A worker handles one request at a time, and ends when its input closes.

namespace earshot::protocol {

constexpr int version = 2;

struct Hello {
  int protocol = version;
  std::string abi_tag{}, torch{};
  std::int64_t pid = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Hello, protocol, abi_tag, torch, pid)

// --- inspect {path} -> PluginInfo. Runs in a worker of its own: a plugin may crash while loading.

struct ComponentInfo {
  std::string kind{}, name{}, summary{};
  OptionSchema options{};
  std::vector<std::string> abilities{};  ///< "codec", "learner", "tokenized" ...
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ComponentInfo, kind, name, summary, options,
                                                abilities)

struct PluginInfo {
  std::string path{}, name{}, version{}, summary{}, abi_tag{};
  std::int64_t sdk_major = 0, sdk_minor = 0;
  std::vector<std::string> warnings{};  ///< "built by gcc13, this runner by gcc12"
  std::vector<ComponentInfo> components{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(PluginInfo, path, name, version, summary, abi_tag,
                                                sdk_major, sdk_minor, warnings, components)

/// Files that an option of a component names, as they were when an experiment was planned.
struct InputRef {
  std::string path{};
  std::vector<std::string> files{};  ///< of a folder: those that are read; none: all below it
  std::string sha256{};              ///< as Contents::hash() gives it
  std::string stamps{};              ///< as Contents::stamps() does; "" while these may not change
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(InputRef, path, files, sha256, stamps)

/// A component to construct: the plugin's file, the component's name in it, and a value for each of
/// its options. Paths here and below are texts as path_text.hpp has them.
struct ComponentRef {
  std::string plugin{}, component{};
  Json options = Json::object();
  std::string state{};             ///< the file that `pretrain` left; "" when not pretrained
  std::string plugin_sha256{};     ///< of the file; another one is refused. "": any will do
  std::vector<InputRef> inputs{};  ///< what must still be as it was planned
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ComponentRef, plugin, component, options, state,
                                                plugin_sha256, inputs)

// --- resolve {component: ComponentRef, device} -> facts that only a constructed object knows:
//   evaluator: {"uses": {features, codes, audio, learner, mapper, language_model, seed},
//               "metrics": [{name, help, unit, higher_is_better, primary, version}]}
//   encoder:   {"needs": {sample_rate, channels, max_seconds, min_seconds, crop, pad},
//               "spec": {frame_rate, first_frame, dim},
//               "code_spec": {frame_rate, first_frame, sizes, bits_per_second} for a codec,
//               "parameters": number, where it can be counted}
//   language_model: {"spec": {embedding_dim, context}}; others: {}

struct Metric {
  std::string name{}, help{}, unit{};
  bool higher_is_better = true, primary = false;
  std::int64_t version = 1;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Metric, name, help, unit, higher_is_better, primary,
                                                version)

// --- dataset {component: ComponentRef} -> DatasetInfo with "left_out": LeftOut, after events
//   {"type": "files", "files": [path, ...]}: every audio file once, in order of first use.

struct LabelInfo {
  std::string name{}, type{}, unit{};  ///< type: "class", "number", "set", "text"
  std::vector<std::string> classes{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LabelInfo, name, type, unit, classes)

struct DatasetInfo {
  std::int64_t items = 0, train = 0, validation = 0, test = 0;
  std::vector<std::int64_t> folds{};  ///< numbers of the folds, ascending; empty without folds
  std::vector<LabelInfo> labels{};
  Json slices = Json::object();        ///< {dimension: {value: items}}
  Json groups = Json::object();        ///< {dimension: number of groups}
  std::vector<std::string> sources{};  ///< files and folders that decide what the items are
  std::string items_hash{};            ///< of all item records in order, files by their number
  bool synthesized = false;            ///< some clip has no file
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(DatasetInfo, items, train, validation, test, folds,
                                                labels, slices, groups, sources, items_hash,
                                                synthesized)

// --- items {dataset: DatasetRef} -> {} after events
//   {"type": "items", "items": [[id, {group dimension: group}, {slice dimension: slice},
//                                {label: truth}, {text, choices, answers} or null], ...]}: for the
//   store, in dataset order; the last is what is asked.

/// A dataset as a stage sees it: which component, and what the host does to it.
struct DatasetRef {
  ComponentRef component{};
  std::string key{};       ///< fingerprint of items and content
  std::int64_t fold = 0;   ///< this fold is the test split, the others train; 0: splits as given
  std::int64_t limit = 0;  ///< at most so many items of each split, evenly spread; 0: all
  double validation = 0;   ///< share of the training groups to validate on, where none is given
  bool shuffle_labels = false;  ///< the random-label control
  std::string file_hashes{};    ///< a list of the audio files, see file_list.hpp; "": none is kept
  std::int64_t allow_lost = 0;  ///< clips that may be unreadable before a stage fails
  std::string items_hash{};     ///< as planned; other items are refused. "": any will do
  std::string files_digest{};   ///< content_digest() as planned, likewise
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(DatasetRef, component, key, fold, limit, validation,
                                                shuffle_labels, file_hashes, allow_lost, items_hash,
                                                files_digest)

// --- pretrain: PretrainRequest -> PretrainResult, after events progress, stage "pretrain", curve.
//   Trains an encoder or language model, by the fit of an evaluator on the dataset's training
//   items. Wide.

struct PretrainRequest {
  ComponentRef encoder{}, language_model{};  ///< one of the two
  ComponentRef evaluator{};
  DatasetRef dataset{};
  std::int64_t seed = 0;
  std::string file{};  ///< for its state, alone in a folder; if it is intact, all is done
  std::string device = "cpu";
  std::int64_t threads = 1;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(PretrainRequest, encoder, language_model, evaluator,
                                                dataset, seed, file, device, threads)

struct PretrainResult {
  bool reused = false;     ///< the file was there
  std::int64_t bytes = 0;  ///< of the file
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(PretrainResult, reused, bytes)

/// Features or codes of one encoder in the cache.
struct FeatureSource {
  ComponentRef encoder{};
  std::string key{};              ///< what determines the features of a clip besides the clip
  Json audio = Json::object();    ///< overrides of the encoder's AudioNeeds: crop, pad, *_seconds
  std::string dtype = "float32";  ///< or "float16"
  bool codes = false;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(FeatureSource, encoder, key, audio, dtype, codes)

// --- features: FeaturesRequest -> {"encoders": [FeatureResult per source]}, after events progress
// and
//   {"type": "spent", "encoders": [{"computed", "audio_seconds", "encode_seconds"} per source]}:
//   what has been done so far. Wide: uses all `threads`. One pass over the audio serves all
//   sources.

struct FeaturesRequest {
  DatasetRef dataset{};
  std::vector<FeatureSource> sources{};
  std::string cache{};  ///< root folder of the feature cache
  std::string device = "cpu";
  std::int64_t threads = 1;
  bool keep_made_audio = false;  ///< in the cache, for other encoders
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(FeaturesRequest, dataset, sources, cache, device,
                                                threads, keep_made_audio)

struct LostClip {
  std::string file{}, reason{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LostClip, file, reason)

struct FeatureResult {
  std::string key{};
  std::int64_t clips = 0;     ///< distinct clips that the dataset's items use
  std::int64_t computed = 0;  ///< of these, not found in the cache
  std::vector<LostClip> lost{};
  std::int64_t bytes = 0;       ///< in the cache
  double audio_seconds = 0;     ///< of the clips computed
  double encode_seconds = 0;    ///< wall time in Encoder::encode for them
  std::int64_t peak_bytes = 0;  ///< resident memory of the worker at its highest in this pass
  Json effective_rank{};        ///< of a sample of training frames; null for codes, or if undefined
  Json facts = Json::object();  ///< as `resolve` gives for the encoder
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(FeatureResult, key, clips, computed, lost, bytes,
                                                audio_seconds, encode_seconds, peak_bytes,
                                                effective_rank, facts)

// --- cell: CellRequest -> CellResult, after events
//   {"type": "stage", "stage": "fit"|"predict"|"score", "seconds": s, "reused": bool}
//   {"type": "predictions", "rows": [[item index in the dataset, value, output, {mark: number},
//     number of scores, candidates or null]]}, the scores of all rows as float32 in `binary`
//   {"type": "metric", ...MetricRow}, in `binary` how much each item moves it, if it is a score
//     (statistics::packed)
//   {"type": "warning", "text": text}: what makes the numbers of the run say less than they seem to
//   {"type": "curve", "curve": name, "points": [[step, value], ...]}: every few seconds while a
//     model trains
//   {"type": "artifact", "name": name, "path": path}
//   {"type": "progress", "done": n, "total": n}, at most 10 a second
//   Fit, predict, mark and score of one cell. Narrow: one thread.

struct CellRequest {
  DatasetRef dataset{};
  std::vector<FeatureSource> features{};  ///< none or one; two while an encoder imitates a teacher
  ComponentRef evaluator{};
  ComponentRef mapper{};          ///< plugin "" when the task has none
  ComponentRef language_model{};  ///< likewise
  std::int64_t seed = 0;
  std::string fit_key{};       ///< of the fit stage; its state is kept under it and reused
  std::string state_folder{};  ///< where fit states and checkpoints live
  std::string artifact_folder{};
  std::string predict = "test";  ///< or "validation", to choose among options
  std::string cache{};
  std::string device = "cpu";
  std::int64_t threads = 1;
  std::int64_t replicates = 2000;  ///< how often at most a score is computed for its interval
  /// File of a system's answers, see `predictions`: those of this seed are marked and scored, in
  /// place of what the evaluator would predict. Or the .state file of a cell's own predictions.
  std::string predictions{};
  std::string predictions_sha256{};  ///< of that file; another one is refused. "": any will do
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(CellRequest, dataset, features, evaluator, mapper,
                                                language_model, seed, fit_key, state_folder,
                                                artifact_folder, predict, cache, device, threads,
                                                replicates, predictions, predictions_sha256)

/// One final metric of a run for one slice; all items together are slice 'all' of dimension 'all'.
struct MetricRow {
  std::string slice_dimension{}, slice{}, metric{};
  std::string kind{};         ///< "mean" of marks, "score" of a slice, "report" of the run
  Json value{};               ///< null when not finite
  std::string nonfinite{};    ///< "", "nan", "+inf" or "-inf"
  std::int64_t n = 0;         ///< items or steps behind it
  Json ci_low{}, ci_high{};   ///< 95 % interval, null when none can be given
  std::string no_interval{};  ///< why there is none: "7 groups; at least 10 are needed"
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MetricRow, slice_dimension, slice, metric, kind,
                                                value, nonfinite, n, ci_low, ci_high, no_interval)

struct CellResult {
  std::int64_t declared = 0, used = 0;  ///< test items of the dataset, and of them predicted
  std::vector<LostClip> lost{};
  double fit_seconds = 0, predict_seconds = 0, score_seconds = 0;
  std::int64_t peak_bytes = 0;  ///< resident memory of the worker at its highest
  bool complete = true;         ///< false when the stage stopped early, as asked, and saved
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(CellResult, declared, used, lost, fit_seconds,
                                                predict_seconds, score_seconds, peak_bytes,
                                                complete)

// --- predictions {file, datasets: [DatasetRef], evaluator: ComponentRef} -> {"seeds": [{"seed",
//   "datasets": [{"declared", "used", "missing": id of the first item without a prediction}]}],
//   "scores": whether some line has any}: reads a file of answers that a system gave elsewhere, and
//   checks every line against the test items of the datasets (the folds of one).

// --- complete {component: ComponentRef, device, threads, prompt, answer or null, max_tokens,
//   temperature, top_p, seed} -> {context, length, continuation, log_prob, counted, tokens,
//   answer_tokens}: what a language model makes of a text. Tokens as [id, text], where it is
//   Tokenized; continuation for max_tokens above 0, log_prob and counted (tokens) for an answer.

// --- adapter {file, to} -> {tensors, numbers}: saves the LoRA in the fit state `file` as peft
// does,
//   adapter_model.safetensors and adapter_config.json in the folder `to`.

// --- encode: EncodeRequest -> {"written": [key]}, after events progress and
//   {"type": "lost", "file": path, "reason": why}: a file that cannot be encoded; the rest go on.
//   Features or codes of audio files, for people. Wide.

struct EncodeRequest {
  ComponentRef encoder{};
  std::vector<std::string> files{};
  std::vector<std::string> keys{};  ///< of each file, what it is called in what is written
  std::string to{};                 ///< file, or of "npy" the folder; "": writes none
  std::string format{};             ///< "safetensors", "npy" or "csv"
  bool codes = false;               ///< codes in place of features
  std::string decode{};             ///< folder for WAV files that went through codes; "": none
  Json about = Json::object();      ///< texts by name to write beside them
  std::string device = "cpu";
  std::int64_t threads = 1;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(EncodeRequest, encoder, files, keys, to, format,
                                                codes, decode, about, device, threads)

// --- lint {dataset: ComponentRef, examples: how many of each} -> {"items": n, "checks":
//   [LintCheck], "applying": [names of the checks that say something of such data]} after events
//   {"type": "lint_files", "files": [LintFile, ...]}: the audio files that are there. Looks for
//   what is wrong with a dataset.

struct LintCheck {
  std::string check{}, meaning{};  ///< "duplicate_choices", "questions with a choice twice"
  std::int64_t found = 0;
  std::vector<std::string> examples{};  ///< the first of them
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LintCheck, check, meaning, found, examples)

struct LintFile {
  std::string path{};
  std::int64_t part = 0;  ///< of the data that uses it first: split 0 to 2, or fold, from 3 on
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LintFile, path, part)

// --- listen {dataset: ComponentRef, count, seed, folder} -> {"files": [...], "items": of the
//     dataset, "drawn": {slice dimension: {value: [drawn, there]}}}: items as WAV and items.csv
// --- check {path, component, check, options: {name: value}} -> {"outcome":
//     "pass|warning|fail|skipped", "reason"}: one conformance check of a component ("": the
//     plugin); check "" -> {"checks": [{name, why, of, component, alone}], "note": what to know
//     about the plugin, or ""}: those of the plugin, or with path "" all; one that is `alone` wants
//     a worker that has not loaded the plugin
// --- SIGTERM asks a worker to stop its stage early: Trial::stop() is true from then on
// --- cache_verify {cache} -> {"shards", "states", "bytes", "bad": [path]}; device {device} ->
// {"device"}

}  // namespace earshot::protocol
