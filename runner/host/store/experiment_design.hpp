#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/store/store.hpp"

// What a comparison needs to know about cells, apart from their numbers.

namespace earshot::host {

/// Values of a cell by axis, as in the results file.
using Labels = std::map<std::string, std::string>;

/// A cell that has test results, or will have them.
struct DesignCell {
  Labels axes{};  ///< all except seed and fold
  std::int64_t seed = 0, fold = 0;
  std::int64_t position = 0;     ///< position in the experiment
  std::int64_t run = 0;          ///< its finished run; 0: none yet
  std::int64_t dataset_id = 0;   ///< 0 if the cell cannot run
  std::string key{}, primary{};  ///< primary: name of the metric; "" if the cell cannot run
  std::string target{};          ///< predicted label; "" for answers to questions, or nothing
  std::string skipped{};         ///< why it cannot run; "" if it can
  bool hears_nothing = false;    ///< whether it uses no encoder
  std::string component{};       ///< of the encoder, "controls/level_only"; "" without, or imported
  std::string weights{};         ///< of the encoder as written; "random" is an untrained control
  // What two sides should have in common, from the cell's identity; "" if absent.
  std::string scorer{}, evaluator{}, build{}, audio{}, device{};
};

/// The test cells of a revision, in the order of its file.
std::vector<DesignCell> design_cells(const Store& store, std::int64_t revision);

/// What the result of a cell depends on (plan/cell_identity.hpp); null for an unknown key.
/// @throws Failure (store_unusable) if it is not valid JSON
Json cell_identity(const Store& store, const std::string& key);

/// The key of the dataset with this id of the file; "" if there is none.
std::string dataset_key(const Store& store, std::int64_t dataset_id);

/// A finished test run, with everything that a fair pair of encoders has in common.
struct TestRun {
  std::string experiment{}, task{}, mapper{}, language_model{}, variant{};
  std::string encoder{};
  std::int64_t seed = 0, fold = 0;
  std::int64_t run = 0, dataset_id = 0;
};

/// Runs of any experiment on the dataset with this key, and runs of all revisions of one experiment
/// on a dataset with this label.
std::vector<TestRun> test_runs(const Store& store, const std::string& dataset_key,
                               const std::string& experiment, const std::string& dataset_label);

/// What is known about an encoder's weights.
struct EncoderWeights {
  std::string encoder{};
  std::string weights{};  ///< as written; "" without
  Json pretrain_data{};   ///< list of what they were trained on, empty if untrained; null if
                          ///< unknown
  Json in_domain{};       ///< list of the experiment's datasets that were among it
};

/// Weights of the encoders that have weights or pretraining data, in the order of a revision.
/// @throws Failure (store_unusable) if the file contains invalid JSON; likewise below
std::vector<EncoderWeights> encoder_weights(const Store& store, std::int64_t revision);

/// The origins of a dataset's reference answers.
struct AnswerOrigins {
  std::string dataset{};  ///< label
  Json items{};           ///< number of items by origin: {"audio": 12, "caption": 88}
};

/// Origins of the reference answers, for those datasets of a revision that declare them, by label.
std::vector<AnswerOrigins> answer_origins(const Store& store, std::int64_t revision);

}  // namespace earshot::host
