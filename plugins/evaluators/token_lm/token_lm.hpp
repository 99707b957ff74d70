#pragma once
#include <optional>

#include <lib/learn/training_loop.hpp>

#include <earshot/evaluator.hpp>
#include <earshot/options.hpp>

#include "code_model.hpp"

namespace token_lm {

/// How predictable an encoder's codes are: a small transformer (CodeModel) learns those of clip 0
/// of the training items, and is asked for the probability of those of the test items.
///
/// A test item longer than the model's context is read in stretches that overlap by half, so that
/// every code but those of the first stretch is predicted from half a context or more. Measures of
/// an item: `bits`, the negative binary logarithm of the probability of all its codes; `tokens`,
/// how many they are; `seconds`, unless the codes have one frame per clip. Scores of a slice are
/// ratios of sums: each code counts alike.
class TokenLm final : public earshot::Evaluator {
 public:
  static earshot::OptionSchema options();
  /// @throws ConfigError for a width that the heads cannot share, and as TrainingLoop does
  TokenLm(const earshot::Options& options, const earshot::Context& context);

  earshot::Uses uses() const override { return {.codes = true}; }
  std::vector<earshot::MetricSpec> metrics() const override;
  /// @throws DataError without training items, ConfigError if the codes have fewer levels than the
  /// options ask for, and as TrainingLoop::run() does.
  void fit(earshot::Trial& trial) override;
  void predict(earshot::Trial& trial) override;
  earshot::Numbers mark(const earshot::Item& item,
                        const earshot::Prediction& prediction) const override;
  earshot::Numbers score(std::span<const earshot::Outcome> slice) const override;

  earshot::State state() const override;
  void load_state(const earshot::State& state) override;

 private:
  void make_model(std::vector<std::int64_t> sizes, std::uint64_t seed);
  std::int64_t context_frames() const;
  double bits_of(const at::Tensor& codes) const;

  std::int64_t levels_, width_, layers_, heads_, context_;
  earshot::kit::TrainingLoop loop_;
  c10::Device device_;
  std::optional<CodeModel> model_{};
};

}  // namespace token_lm
