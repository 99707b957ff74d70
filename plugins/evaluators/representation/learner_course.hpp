#pragma once
#include <map>

#include <lib/learn/batch_order.hpp>
#include <lib/learn/trainee.hpp>

#include <earshot/trial.hpp>

#include "crops.hpp"
#include "samples.hpp"
#include "targets.hpp"

namespace representation {

/// An encoder that is a Learner, with the batches from which it learns: random crops of the audio
/// of training items, each drawn from the cell's seed and the number of its batch; and the middles
/// of validation items. A Reader learns from whole clips of what it reads.
class LearnerCourse final : public earshot::kit::Trainee {
 public:
  struct Settings {
    std::int64_t batch_size = 16;
    bool teacher = false;      ///< whether the teacher's features are read
    double crop_seconds = 0;   ///< 0: whole clips, which a Reader needs
    std::int64_t samples = 0;  ///< validation items whose reconstruction is shown
  };

  /// @param learner  prepared for the objective of `targets`; all must outlive this object.
  /// @throws ConfigError if there are fewer training items than in a batch, or if what a Reader
  /// reads is to be cropped.
  LearnerCourse(earshot::Trial& trial, earshot::Learner& learner, const Targets& targets,
                const Settings& settings);

  std::vector<earshot::ParameterGroup> groups() const override { return learner_.groups(); }
  void train(bool on) override { learner_.train(on); }
  earshot::State state() const override { return learner_.state(); }
  void load_state(const earshot::State& state) override { learner_.load_state(state); }
  void share(const earshot::kit::Share& share) override { share_ = share; }
  earshot::kit::LossSum loss(const earshot::Turn& turn, std::int64_t number) override;
  std::vector<at::Tensor> step_sums() override { return learner_.step_sums(); }
  void finish_step(std::int64_t step) override;
  std::vector<std::int64_t> validation_items() const override {
    return targets_.items(earshot::Split::validation);
  }
  std::vector<earshot::kit::LossSum> validation_losses(
      std::span<const std::int64_t> items) override;
  void show_best(std::int64_t step) override { samples_.write(trial_, crops_, step); }

 private:
  const earshot::LearnerBatch& training_batch(std::int64_t number);
  /// @param crop  what it makes of whole clips, if they are audio
  template <class Crop>
  earshot::LearnerBatch batch_of(earshot::Split split, std::span<const std::int64_t> items,
                                 const Crop& crop) const;
  earshot::kit::LossSum sum_of(const earshot::LearnerBatch& batch, const earshot::Turn& turn);

  earshot::Trial& trial_;
  earshot::Learner& learner_;
  const Targets& targets_;
  bool teacher_, reads_;  ///< whether it has a teacher, and whether it reads other encoders
  Crops crops_;
  Samples samples_;
  earshot::kit::BatchOrder order_;
  earshot::kit::Share share_{};
  /// The batches of the current step by number, if other groups get them again.
  std::map<std::int64_t, earshot::LearnerBatch> batches_{};
  earshot::Turn last_{};  ///< of the training
  std::size_t groups_;
};

}  // namespace representation
