#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/datasets.hpp"

// Requests of commands that do not run experiments: about imported predictions, language models,
// trained states, audio files and the cache.

namespace earshot::protocol {

/// Reads a file with predictions of an external system, and checks every line against the test
/// items of the datasets.
struct PredictionsRequest {
  std::string file{};
  std::vector<DatasetRef> datasets{};  ///< the folds of one dataset
  ComponentRef evaluator{};
};
EARSHOT_FIELDS(PredictionsRequest, file, datasets, evaluator)

/// Number of test items of a dataset that have a prediction.
struct AnsweredItems {
  std::int64_t declared = 0, used = 0;
  std::string missing{};  ///< id of the first item without a prediction
};
EARSHOT_FIELDS(AnsweredItems, declared, used, missing)

struct AnsweredSeed {
  std::int64_t seed = 0;
  std::vector<AnsweredItems> datasets{};
};
EARSHOT_FIELDS(AnsweredSeed, seed, datasets)

struct PredictionsResult {
  std::vector<AnsweredSeed> seeds{};
  bool scores = false;  ///< whether any line has scores
};
EARSHOT_FIELDS(PredictionsResult, seeds, scores)

/// Shows how a language model reads and continues a text.
struct CompleteRequest {
  ComponentRef component{};
  std::string device = "cpu";
  std::int64_t threads = 1;
  std::string prompt{};
  OrNull<std::string> answer{};
  std::int64_t max_tokens = 0;  ///< 0: the text is not continued
  double temperature = 0, top_p = 1;
  std::int64_t seed = 0;
};
EARSHOT_FIELDS(CompleteRequest, component, device, threads, prompt, answer, max_tokens, temperature,
               top_p, seed)

/// The id of a token, or -1 for text without one, and its text.
using TokenRow = std::pair<std::int64_t, std::string>;

struct CompleteResult {
  std::int64_t context = 0, length = 0;  ///< positions of the model, and of the prompt
  std::optional<std::vector<TokenRow>> tokens{}, answer_tokens{};  ///< if the model is Tokenized
  std::optional<std::string> continuation{};
  std::optional<double> log_prob{};       ///< that of the answer
  std::optional<std::int64_t> counted{};  ///< number of its tokens
};
EARSHOT_FIELDS(CompleteResult, context, length, tokens, answer_tokens, continuation, log_prob,
               counted)

/// Saves the LoRA of the fit state `file` in the format of peft: adapter_model.safetensors and
/// adapter_config.json in the folder `to`.
struct AdapterRequest {
  std::string file{}, to{};
};
EARSHOT_FIELDS(AdapterRequest, file, to)

struct AdapterResult {
  std::int64_t tensors = 0, numbers = 0;
};
EARSHOT_FIELDS(AdapterResult, tensors, numbers)

/// Saves what a pretrained encoder has learnt, in a form that its plugin takes as weights, in the
/// existing folder `to`.
struct ExportEncoderRequest {
  ComponentRef encoder{};  ///< with its state
  std::string weights{};   ///< the option of the encoder that takes weights
  std::string to{};
};
EARSHOT_FIELDS(ExportEncoderRequest, encoder, weights, to)

struct ExportEncoderResult {
  std::int64_t tensors = 0, numbers = 0;
  Json options = Json::object();  ///< with which the encoder takes these weights, complete
};
EARSHOT_FIELDS(ExportEncoderResult, tensors, numbers, options)

/// Writes features or codes of audio files, for people. Wide.
struct EncodeRequest {
  ComponentRef encoder{};
  std::vector<FeatureSource> from{};  ///< what it reads, if it is a reader: all of the chain
  std::vector<std::string> files{};
  std::vector<std::string> keys{};  ///< the name of each file in the output
  std::string to{};                 ///< output file, or for "npy" a folder; "": none
  std::string format{};             ///< "safetensors", "npy" or "csv"
  bool codes = false;               ///< codes instead of features
  std::string decode{};             ///< folder for WAV files decoded from codes; "": none
  Json about = Json::object();      ///< texts by name, written with them
  std::string device = "cpu";
  std::int64_t threads = 1;
};
EARSHOT_FIELDS_OR_DEFAULTS(EncodeRequest, encoder, from, files, keys, to, format, codes, decode,
                           about, device, threads)

struct EncodeResult {
  std::vector<std::string> written{};  ///< keys
};
EARSHOT_FIELDS(EncodeResult, written)

struct CacheVerifyRequest {
  std::string cache{};  ///< root folder
};
EARSHOT_FIELDS(CacheVerifyRequest, cache)

struct CacheVerifyResult {
  std::int64_t shards = 0, states = 0, made = 0;  ///< features, trained states, made clips
  std::int64_t bytes = 0;                         ///< size of everything that is intact
  std::vector<std::string> bad{};                 ///< damaged files
};
EARSHOT_FIELDS(CacheVerifyResult, shards, states, made, bytes, bad)

}  // namespace earshot::protocol
