#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/learn/optimiser.hpp>
#include <lib/learn/state_parts.hpp>

namespace earshot::kit {

namespace {

void scale_gradients(const NamedTensors& parameters, double scale) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : parameters)
    if (auto gradient = parameter.grad(); gradient.defined()) gradient.mul_(scale);
}

}  // namespace

AdamW::AdamW(NamedTensors parameters) : AdamW(std::move(parameters), Settings{}) {}

AdamW::AdamW(NamedTensors parameters, const Settings& settings)
    : parameters_(std::move(parameters)), settings_(settings), steps_(parameters_.size()) {
  for (const auto& [name, parameter] : parameters_) {
    mean_.push_back(at::zeros_like(parameter.detach()));
    square_.push_back(at::zeros_like(parameter.detach()));
  }
}

void AdamW::step(double learning_rate) {
  const at::NoGradGuard no_grad;
  const auto& [beta1, beta2, epsilon, weight_decay, decoupled] = settings_;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    auto parameter = parameters_[i].second;
    auto gradient = parameter.grad();
    if (!gradient.defined()) continue;
    const auto step = static_cast<double>(++steps_[i]);
    if (weight_decay != 0) {
      if (decoupled)
        parameter.mul_(1 - learning_rate * weight_decay);
      else
        gradient = gradient.add(parameter, weight_decay);
    }
    mean_[i].lerp_(gradient, 1 - beta1);
    square_[i].mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
    const double correction1 = 1 - std::pow(beta1, step), correction2 = 1 - std::pow(beta2, step);
    const auto deviation = (square_[i].sqrt() / std::sqrt(correction2)).add_(epsilon);
    parameter.addcdiv_(mean_[i], deviation, -learning_rate / correction1);
  }
}

void AdamW::zero_gradients() {
  for (auto& [name, parameter] : parameters_)
    parameter.mutable_grad().reset();
}

void AdamW::save(State& state, const std::string& prefix) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    state.tensors[prefix + "mean/" + parameters_[i].first] = mean_[i];
    state.tensors[prefix + "square/" + parameters_[i].first] = square_[i];
  }
  state.tensors[prefix + "steps"] = at::tensor(steps_, at::kLong);
}

void AdamW::load(const State& state, const std::string& prefix) {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto& [name, parameter] = parameters_[i];
    mean_[i].copy_(tensor_in(state, prefix + "mean/" + name, parameter.sizes()));
    square_[i].copy_(tensor_in(state, prefix + "square/" + name, parameter.sizes()));
  }
  const auto steps =
      tensor_in(state, prefix + "steps", {static_cast<std::int64_t>(steps_.size())}).contiguous();
  std::copy_n(steps.const_data_ptr<std::int64_t>(), steps_.size(), steps_.begin());
}

double gradient_norm(const NamedTensors& parameters) {
  double sum = 0;
  for (const auto& [name, parameter] : parameters)
    if (const auto gradient = parameter.grad(); gradient.defined()) {
      const auto norm = gradient.norm(2, at::kFloat).item<double>();
      sum += norm * norm;
    }
  return std::sqrt(sum);
}

double clip_gradients(const NamedTensors& parameters, double max_norm) {
  const auto norm = gradient_norm(parameters);
  if (std::isfinite(norm) && norm + 1e-6 > max_norm)
    scale_gradients(parameters, max_norm / (norm + 1e-6));
  return norm;
}

OptionSchema Optimiser::options() {
  OptionSchema schema{
      {.name = "optimiser",
       .value = std::string("adamw"),
       .help = "AdamW, or Adam, where weight_decay is added to the gradient",
       .choices = {"adamw", "adam"}},
      {.name = "lr", .value = 1e-4, .help = "Maximum learning rate", .min = 0},
      {.name = "weight_decay", .value = 0.01, .help = "Weight decay", .min = 0},
      {.name = "betas",
       .value = std::vector<double>{0.9, 0.999},
       .help = "Decay rates of the averages of the gradient and of its square",
       .min = 0,
       .max = 0.999999},
      {.name = "clip",
       .value = 1.0,
       .help = "Maximum norm of all gradients of a group together; 0: no limit",
       .min = 0},
  };
  const auto schedule = Schedule::options();
  schema.insert(schema.end(), schedule.begin(), schedule.end());
  return schema;
}

namespace {

AdamW::Settings settings_of(const Options& options) {
  const auto& betas = options.numbers("betas");
  if (betas.size() != 2)
    throw ConfigError("betas has " + std::to_string(betas.size()) +
                      " numbers; expected two, for the gradient and for its square");
  return {.beta1 = betas[0],
          .beta2 = betas[1],
          .weight_decay = options.number("weight_decay"),
          .decoupled = options.text("optimiser") == "adamw"};
}

}  // namespace

Optimiser::Optimiser(NamedTensors parameters, const Options& options, std::int64_t steps)
    : adam_(std::move(parameters), settings_of(options)),
      schedule_(Schedule::from(options, steps)),
      learning_rate_(options.number("lr")),
      clip_(options.number("clip")) {}

double Optimiser::step(double scale) {
  if (scale != 1) scale_gradients(adam_.parameters(), scale);
  const auto norm =
      clip_ > 0 ? clip_gradients(adam_.parameters(), clip_) : gradient_norm(adam_.parameters());
  if (std::isfinite(norm)) {
    adam_.step(learning_rate());
    ++step_;
  }
  adam_.zero_gradients();
  return norm;
}

double Optimiser::learning_rate() const {
  return learning_rate_ * schedule_.factor(step_);
}

void Optimiser::save(State& state, const std::string& prefix) const {
  adam_.save(state, prefix);
  state.text[prefix + "step"] = std::to_string(step_);
}

void Optimiser::load(const State& state, const std::string& prefix) {
  adam_.load(state, prefix);
  const auto found = state.text.find(prefix + "step");
  if (found == state.text.end()) throw DataError("state lacks '" + prefix + "step'");
  step_ = std::stoll(found->second);
}

}  // namespace earshot::kit
