#pragma once
#include <optional>

#include <earshot/learner.hpp>

#include "protocol/components.hpp"
#include "worker/plugin/library.hpp"

namespace earshot::worker {

/// A learner that remembers what it was prepared for.
class ObservedLearner final : public Learner {
 public:
  explicit ObservedLearner(Learner& learner) : learner_(learner) {}

  /// Empty until prepare().
  const std::optional<Objective>& objective() const { return objective_; }

  void prepare(const Objective& objective) override {
    learner_.prepare(objective);
    objective_ = objective;
  }
  std::vector<ParameterGroup> groups() const override { return learner_.groups(); }
  Losses loss(const LearnerBatch& batch, const Turn& turn) override {
    return learner_.loss(batch, turn);
  }
  std::vector<at::Tensor> step_sums() override { return learner_.step_sums(); }
  void finish_step(std::int64_t step) override { learner_.finish_step(step); }
  State export_weights() const override { return learner_.export_weights(); }
  NamedTensors parameters() const override { return learner_.parameters(); }
  void train(bool on) override { learner_.train(on); }
  State state() const override { return learner_.state(); }
  void load_state(const State& state) override { learner_.load_state(state); }

 private:
  Learner& learner_;
  std::optional<Objective> objective_;
};

/// Objective and state of a learner that is prepared, for a file.
State trained_state(const ObservedLearner& learner);

/// What trained_state() gave, from a file.
/// @throws DataError naming the file if it is missing, damaged or holds something else.
State read_trained_state(const std::filesystem::path& file);

/// Constructs an encoder, and connects a reader to its sources. One that was pretrained is prepared
/// for what it was trained for and gets its state back; it stays switched to inference.
/// @throws as make(), connect() and read_trained_state() do; ConfigError if it cannot be trained at
/// all.
ComponentInstance make_encoder(const protocol::ComponentRef& ref, c10::Device device,
                               std::uint64_t seed);

}  // namespace earshot::worker
