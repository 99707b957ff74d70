#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/fields.hpp"
#include "protocol/option_schema.hpp"

// Plugins and their components, and requests about them.

namespace earshot::protocol {

struct ComponentInfo {
  std::string kind{}, name{}, summary{};
  OptionSchema options{};
  std::vector<std::string> abilities{};  ///< "codec", "learner", "tokenized" ...
};
EARSHOT_FIELDS_OR_DEFAULTS(ComponentInfo, kind, name, summary, options, abilities)

struct PluginInfo {
  std::string path{}, name{}, version{}, summary{}, abi_tag{};
  std::int64_t sdk_major = 0, sdk_minor = 0;
  std::vector<std::string> warnings{};  ///< "built by gcc13, this runner by gcc12"
  std::vector<ComponentInfo> components{};
};
EARSHOT_FIELDS_OR_DEFAULTS(PluginInfo, path, name, version, summary, abi_tag, sdk_major, sdk_minor,
                           warnings, components)

struct InspectRequest {
  std::string path{};
};
EARSHOT_FIELDS(InspectRequest, path)

/// The file or folder that an option of a component names, as it was when an experiment was
/// planned.
struct InputRef {
  std::string path{};
  std::vector<std::string> files{};  ///< in a folder: the files that are read; empty: all below it
  std::string sha256{};              ///< Contents::hash()
  std::string stamps{};              ///< Contents::stamps()
};
EARSHOT_FIELDS_OR_DEFAULTS(InputRef, path, files, sha256, stamps)

/// See earshot::FeatureSpec.
struct FeatureSpec {
  double frame_rate = 0, first_frame = 0;  ///< Hz, s
  std::int64_t dim = 0;
};
EARSHOT_FIELDS(FeatureSpec, frame_rate, first_frame, dim)

/// See earshot::CodeSpec.
struct CodeSpec {
  double frame_rate = 0, first_frame = 0;  ///< Hz, s
  std::vector<std::int64_t> sizes{};       ///< number of codes in each codebook
  double bits_per_second = 0;
};
EARSHOT_FIELDS(CodeSpec, frame_rate, first_frame, sizes, bits_per_second)

/// What a reader gets from an encoder that it reads: features or codes.
struct SourceSpec {
  std::optional<FeatureSpec> features{};
  std::optional<CodeSpec> codes{};
};
EARSHOT_FIELDS(SourceSpec, features, codes)

/// A component to construct: the plugin's file, the component's name in it, and a value for each of
/// its options. Paths here and elsewhere are in the form of path_text.hpp.
struct ComponentRef {
  std::string plugin{}, component{};
  Json options = Json::object();
  std::string state{};             ///< the file written by `pretrain`; "" if not pretrained
  std::string plugin_sha256{};     ///< of the file; a different one is refused. "": any is accepted
  std::vector<InputRef> inputs{};  ///< files that must not have changed since planning
  std::map<std::string, std::string> roles{};  ///< names of options by their role
  std::vector<SourceSpec> sources{};  ///< what a reader is connected to; none: it is not connected

  /// The name of the option with this role; "" if there is none.
  std::string option_with(const std::string& role) const;
  /// The value of that option; null if there is none.
  const Json& value_of(const std::string& role) const;
};
EARSHOT_FIELDS_OR_DEFAULTS(ComponentRef, plugin, component, options, state, plugin_sha256, inputs,
                           roles, sources)

/// Features or codes of one encoder in the cache.
struct FeatureSource {
  ComponentRef encoder{};
  std::string key{};            ///< hash of what determines the features of a clip, except the clip
  Json audio = Json::object();  ///< overrides of the encoder's AudioNeeds: crop, pad, *_seconds
  std::string dtype = "float32";  ///< or "float16"
  bool codes = false;
  std::vector<FeatureSource> from{};  ///< what a reader reads in place of audio
};
EARSHOT_FIELDS_OR_DEFAULTS(FeatureSource, encoder, key, audio, dtype, codes, from)

struct ResolveRequest {
  ComponentRef component{};
  std::optional<std::string> device{};  ///< default "cpu"
};
EARSHOT_FIELDS(ResolveRequest, component, device)

struct Metric {
  std::string name{}, help{}, unit{};
  bool higher_is_better = true, primary = false;
  std::int64_t version = 1;
};
EARSHOT_FIELDS_OR_DEFAULTS(Metric, name, help, unit, higher_is_better, primary, version)

/// What an evaluator uses; see earshot::Uses.
struct Uses {
  bool features = false, codes = false, audio = false;
  bool learner = false, mapper = false, language_model = false;
  bool seed = true;
};
EARSHOT_FIELDS_OR_DEFAULTS(Uses, features, codes, audio, learner, mapper, language_model, seed)

struct EvaluatorFacts {
  Uses uses{};
  std::vector<Metric> metrics{};
};
EARSHOT_FIELDS(EvaluatorFacts, uses, metrics)

/// The audio that an encoder takes; see earshot::AudioNeeds.
struct AudioNeeds {
  std::int64_t sample_rate = 0, channels = 1;  ///< sample_rate in Hz
  double max_seconds = 0, min_seconds = 0;     ///< 0: no limit
  std::string crop{}, pad{};                   ///< first, centre, seeded; none, zero, repeat
};
EARSHOT_FIELDS(AudioNeeds, sample_rate, channels, max_seconds, min_seconds, crop, pad)

struct EncoderFacts {
  AudioNeeds needs{};
  FeatureSpec spec{};
  std::optional<CodeSpec> code_spec{};       ///< only for codecs
  std::optional<std::int64_t> parameters{};  ///< absent if they cannot be counted
};
EARSHOT_FIELDS(EncoderFacts, needs, spec, code_spec, parameters)

/// Facts of an encoder that reads others.
struct ReaderFacts {
  std::vector<std::string> reads{};     ///< "features" or "codes" of each source, in order
  std::optional<FeatureSpec> spec{};    ///< once it is connected, as are the fields that follow
  std::optional<CodeSpec> code_spec{};  ///< if it is a codec
  std::optional<std::int64_t> parameters{};
};
EARSHOT_FIELDS(ReaderFacts, reads, spec, code_spec, parameters)

/// See earshot::LanguageModelSpec.
struct LanguageModelSpec {
  std::int64_t embedding_dim = 0, context = 0;
};
EARSHOT_FIELDS(LanguageModelSpec, embedding_dim, context)

struct LanguageModelFacts {
  LanguageModelSpec spec{};
};
EARSHOT_FIELDS(LanguageModelFacts, spec)

/// For datasets and mappers.
struct NoFacts {};
EARSHOT_FIELDS(NoFacts)

/// What only a constructed object knows about itself.
using Facts = OneOf<EvaluatorFacts, EncoderFacts, ReaderFacts, LanguageModelFacts, NoFacts>;

struct DeviceRequest {
  std::string device{};  ///< "cpu", "cuda", "cuda:1"
};
EARSHOT_FIELDS(DeviceRequest, device)

struct DeviceResult {
  std::string device{};  ///< LibTorch's name for it
};
EARSHOT_FIELDS(DeviceResult, device)

/// Runs one conformance check of a plugin, or lists the checks if `check` is "".
struct CheckRequest {
  std::string path{};             ///< that of the plugin; "": lists all checks
  std::string component{};        ///< "": the plugin as a whole
  std::string check{};            ///< its name; or ""
  Json options = Json::object();  ///< values by name, as texts
};
EARSHOT_FIELDS_OR_DEFAULTS(CheckRequest, path, component, check, options)

struct CheckInfo {
  std::string name{}, why{};  ///< "padding_invariance", one sentence
  std::string of{};  ///< contract of the objects that it checks; "": all; "plugin": the plugin
  std::string component{};
  bool alone = false;  ///< needs a worker that has not loaded the plugin
};
EARSHOT_FIELDS(CheckInfo, name, why, of, component, alone)

struct CheckList {
  std::vector<CheckInfo> checks{};
  std::string note{};  ///< a remark on the plugin; or ""
};
EARSHOT_FIELDS(CheckList, checks, note)

struct CheckOutcome {
  std::string outcome{};  ///< "pass", "warning", "fail" or "skipped"
  std::string reason{};
};
EARSHOT_FIELDS(CheckOutcome, outcome, reason)

using CheckResult = OneOf<CheckOutcome, CheckList>;

}  // namespace earshot::protocol
