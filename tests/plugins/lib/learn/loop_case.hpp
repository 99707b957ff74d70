#pragma once
#include <map>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include <lib/learn/training_loop.hpp>

#include <earshot/kit/checkpoint.hpp>
#include <earshot/kit/testing.hpp>

namespace earshot::test {

using Given = std::map<std::string, OptionValue>;

/// A short training without validation, weight decay and clipping.
inline kit::TrainingLoop loop(Given given = {}) {
  given.try_emplace("max_steps", std::int64_t{12});
  given.try_emplace("lr", 0.05);
  given.try_emplace("clip", 0.0);
  given.try_emplace("weight_decay", 0.0);
  given.try_emplace("log_every", std::int64_t{1});
  given.try_emplace("validate_every", std::int64_t{0});
  given.try_emplace("checkpoint_every", std::int64_t{0});
  return kit::TrainingLoop(Options(kit::TrainingLoop::options(), given));
}

/// A trial that keeps its curves.
struct CurveTrial : kit::SyntheticTrial {
  using SyntheticTrial::SyntheticTrial;
  std::map<std::string, std::vector<double>> curves{};
  void point(std::string_view curve, std::int64_t step, double value) override {
    SyntheticTrial::point(curve, step, value);
    curves[std::string(curve)].push_back(value);
  }
};

/// The network of the fixture data_parallel: Linear, GELU, LayerNorm, Linear; squared error.
/// Batches are its items in their order, `micro` in each.
class Network : public kit::Trainee {
 public:
  Network(const earshot::kit::Checkpoint& model, const earshot::kit::Checkpoint& golden,
          bool tokens, std::int64_t micro)
      : x_(golden.get("in/x")),
        y_(golden.get("in/y")),
        weights_(tokens ? golden.get("in/weights") : at::ones_like(y_)),
        micro_(micro) {
    for (const auto* name : {"0.weight", "0.bias", "2.weight", "2.bias", "3.weight", "3.bias"})
      parameters_.emplace_back(name, model.get(name).clone().requires_grad_());
  }

  std::vector<ParameterGroup> groups() const override { return {{"model", parameters_}}; }
  void train(bool) override {}
  State state() const override {
    State state;
    for (const auto& [name, tensor] : parameters_)
      state.tensors.emplace(name, tensor.detach());
    return state;
  }
  void load_state(const State&) override {}
  void share(const kit::Share& share) override { share_ = share; }
  kit::LossSum loss(const Turn&, std::int64_t number) override {
    const kit::Share next{share_.index + 1, share_.count};
    const auto first = number * micro_ + share_.begin(micro_);
    const auto items = next.begin(micro_) - share_.begin(micro_);
    const auto p = [&](std::size_t i) { return parameters_[i].second; };
    const auto hidden = at::layer_norm(at::gelu(at::linear(x_.narrow(0, first, items), p(0), p(1))),
                                       {16}, p(2), p(3));
    const auto weights = weights_.narrow(0, first, items);
    const auto error = (at::linear(hidden, p(4), p(5)) - y_.narrow(0, first, items)).square();
    return {.sum = (weights * error).sum(), .weight = weights.sum().item<double>()};
  }
  std::vector<std::int64_t> validation_items() const override { return {}; }
  std::vector<kit::LossSum> validation_losses(std::span<const std::int64_t>) override { return {}; }

 private:
  at::Tensor x_, y_, weights_;
  std::int64_t micro_;
  kit::Share share_{};
  NamedTensors parameters_{};
};

}  // namespace earshot::test
