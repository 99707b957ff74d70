#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/models/lstm.hpp>

namespace earshot::kit {

SkipLstm::SkipLstm(std::int64_t width, std::int64_t layers, Parameters& parameters,
                   const std::string& name)
    : width_(width), layers_(layers) {
  const auto initial = Initial::fan_in(width);
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    const auto end = "_l" + std::to_string(layer);
    for (const auto* weight : {".weight_ih", ".weight_hh"})
      weights_.push_back(parameters.add(name + weight + end, {4 * width, width}, initial));
    for (const auto* bias : {".bias_ih", ".bias_hh"})
      weights_.push_back(parameters.add(name + bias + end, {4 * width}, initial));
  }
}

at::Tensor SkipLstm::forward(const at::Tensor& x, Stream* stream) const {
  const auto steps = x.permute({2, 0, 1}).contiguous();
  at::Tensor hidden, cell;
  at::Tensor* slots[] = {&hidden, &cell};
  if (stream != nullptr)
    for (auto& slot : slots)
      slot = &stream->next();
  for (auto* slot : slots)
    if (!slot->defined()) *slot = at::zeros({layers_, x.size(0), width_}, x.options());
  const bool keeps = at::GradMode::is_enabled();  // what the gradient needs
  const auto [y, last_hidden, last_cell] =
      at::lstm(steps, {*slots[0], *slots[1]}, weights_, true, layers_, 0, keeps, false, false);
  *slots[0] = last_hidden;
  *slots[1] = last_cell;
  return (y + steps).permute({1, 2, 0});
}

}  // namespace earshot::kit
