#pragma once
#include <lib/learn/batch_order.hpp>
#include <lib/learn/trainee.hpp>

#include <earshot/trial.hpp>

#include "code_model.hpp"

namespace token_lm {

/// A CodeModel and the codes that it learns from: of each training item of a batch a stretch of at
/// most `frames` frames, drawn anew each time from the cell's seed and the number of the batch; of
/// validation items the stretch in the middle. The loss is the mean negative log-probability of a
/// code, in nats.
class CodeCourse final : public earshot::kit::Trainee {
 public:
  struct Settings {
    std::int64_t batch_size = 16;
    std::int64_t levels = 0;  ///< codebooks, coarsest first; 0: all
    std::int64_t frames = 64;
  };
  /// Trial and model must outlive it.
  CodeCourse(earshot::Trial& trial, CodeModel& model, const Settings& settings);

  std::vector<earshot::ParameterGroup> groups() const override {
    return {{"model", model_.parameters()}};
  }
  void train(bool) override {}
  earshot::State state() const override;
  void load_state(const earshot::State& state) override { model_.load(state); }
  /// The weights, as "model/<name>": Trial::save() does not know them.
  earshot::State unsaved() const override;
  earshot::kit::LossSum loss(const earshot::Turn& turn, std::int64_t number) override;
  std::vector<std::int64_t> validation_items() const override;
  std::vector<earshot::kit::LossSum> validation_losses(
      std::span<const std::int64_t> items) override;

 private:
  /// @param start  of a number of frames that are left over, the one where a stretch begins
  template <class Start>
  earshot::kit::LossSum loss_of(earshot::Split split, std::span<const std::int64_t> items,
                                const Start& start);

  earshot::Trial& trial_;
  CodeModel& model_;
  Settings settings_;
  earshot::kit::BatchOrder order_;
};

}  // namespace token_lm
