#pragma once
#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// While it lives and is on, the operations that LibTorch lists for autocast (matrix products,
/// convolutions, attention) compute in bfloat16, as under torch.autocast(device, torch.bfloat16).
/// For a forward pass and its loss: weights, gradients, backward pass and optimiser stay in
/// float32. What has to be exact (a quantiser, a loss) converts its input to float32 and gives a
/// guard that is off a scope of its own.
class Autocast {
 public:
  Autocast(c10::DeviceType device, bool on);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool was_on_;
  at::ScalarType was_type_;
};

}  // namespace earshot::kit
