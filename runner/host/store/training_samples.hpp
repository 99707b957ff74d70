#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/store/store.hpp"

// What trainings and evaluations left to be heard and seen: what a codec makes of an item. By their
// names (sdk/README.md) artifacts are such a sample: NAME_before, NAME_after, which are sounds, and
// NAME, a picture of both.

namespace earshot::host {

/// The curve that has a point at each step after which samples were made.
constexpr const char* samples_curve = "samples";

/// A file that a sample consists of.
struct SampleFile {
  std::string sha256{};  ///< of its content; "" if the sample lacks it
  std::string path{};    ///< for Store::resolve()
  std::string type{};    ///< "audio/flac", "audio/wav" or "image/png"
  std::int64_t bytes = 0;
};

struct TrainingSample {
  std::int64_t training = 0;   ///< counted from 0; the samples of one have the same number
  std::int64_t position = -1;  ///< of the cell in the experiment; -1: pretraining
  std::string trained{};       ///< what pretraining trains, "encoder.bsq"; "" for a cell
  std::string state{};         ///< of the training: ok, running, failed ...
  /// After how many steps it was made: the last step of the training's samples_curve.
  std::optional<std::int64_t> step{};
  std::string name{};  ///< "sample_0"
  SampleFile before{}, after{}, picture{};
};

/// The samples of a revision: of pretraining that its cells depend on, then those of finished runs
/// in the order of their cells; of each by name. A sample has at least one sound.
std::vector<TrainingSample> training_samples(const Store& store, std::int64_t revision);

/// The file of a sample of any experiment with this content; nullopt if there is none.
std::optional<SampleFile> sample_file(const Store& store, const std::string& sha256);

}  // namespace earshot::host
