#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <lib/models/parameters.hpp>
#include <lib/models/stream.hpp>

namespace earshot::kit {

/// LSTM layers over time, starting from a state of zeros, with a skip connection around all of
/// them: x + lstm(x). Gates in PyTorch's order i, f, g, o; both biases.
class SkipLstm {
 public:
  /// Declares <name>.{weight_ih,weight_hh,bias_ih,bias_hh}_l<layer>.
  SkipLstm(std::int64_t width, std::int64_t layers, Parameters& parameters,
           const std::string& name);

  at::Tensor forward(const at::Tensor& x, Stream* stream = nullptr) const;  ///< (B, width, T)

 private:
  std::int64_t width_, layers_;
  std::vector<at::Tensor> weights_{};
};

}  // namespace earshot::kit
