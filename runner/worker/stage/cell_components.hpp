#pragma once
#include <functional>
#include <optional>
#include <string_view>

#include <earshot/evaluator.hpp>

#include "protocol/stages.hpp"
#include "worker/plugin/library.hpp"
#include "worker/stage/trained_encoder.hpp"

namespace earshot::worker {

/// First 8 bytes of the SHA-256 of (cell seed, stream, index).
std::uint64_t cell_seed(std::int64_t seed, std::string_view stream, std::int64_t index = 0);

/// The encoder, mapper and language model of one cell, each constructed and connected when it is
/// first asked for, with LibTorch's generators seeded from the cell's seed before each step.
class CellComponents {
 public:
  /// @param codes  what a language model that reads codes is connected to
  CellComponents(const protocol::CellRequest& request, const Uses& uses, c10::Device device,
                 std::function<CodeSpec()> codes);

  /// @throws Unsupported from each if the cell has none or it lacks the ability.
  Encoder& encoder();
  Codec& codec();
  /// For an encoder that only this cell has; prepare() is the evaluator's to call, before resume().
  Learner& learner();
  /// @param in  what it is connected to at the first call.
  /// @throws ContractError when a later one gives another.
  Mapper& mapper(const FeatureSpec& in);
  LanguageModel& language_model();

  /// AudioNeeds of the encoder with the experiment's overrides.
  /// @throws Unsupported if it reads other encoders in place of audio.
  AudioNeeds audio_needs();

  /// The learner as it is now, for a file that make_encoder() reads.
  /// @throws ContractError when it was never prepared.
  State trained_encoder() const;

  /// What training changed in mapper, language model and learner, as far as they exist.
  State state() const;
  /// Puts a state() back into those that exist now, and into the others once they do; a learner
  /// must exist.
  void load_state(const State& state);

 private:
  const protocol::FeatureSource& encoder_source() const;
  ComponentInstance& encoder_object();
  void seed(std::string_view stream) const;
  void restore(const std::string& name, Stateful& object);

  const protocol::CellRequest& request_;
  Uses uses_;
  c10::Device device_;
  std::function<CodeSpec()> codes_;
  ComponentInstance encoder_, mapper_, language_model_;
  FeatureSpec mapped_{};                    ///< what the mapper is connected to
  std::optional<ObservedLearner> learner_;  ///< once learner() has been called
  State loaded_;                            ///< of components that do not exist yet
};

}  // namespace earshot::worker
