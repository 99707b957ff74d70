#pragma once
#include <string>

#include <ATen/core/Tensor.h>

#include <earshot/error.hpp>

namespace earshot {

inline std::string describe(const at::Tensor& tensor) {
  if (!tensor.defined()) return "undefined";
  return c10::str(c10::toString(tensor.scalar_type()), " ", tensor.sizes());
}

/// @throws ContractError `<name> is <what it is>; expected <expected>` unless `fits`.
inline void expect(bool fits, const std::string& name, const std::string& is,
                   const std::string& expected) {
  if (!fits) throw ContractError(name + " is " + is + "; expected " + expected);
}

/// Checks that `lengths` is int64 (batch), on the CPU, within [1, longest].
inline void check_lengths(const at::Tensor& lengths, std::int64_t batch, std::int64_t longest,
                          const std::string& what) {
  expect(lengths.defined() && lengths.scalar_type() == at::kLong && lengths.dim() == 1 &&
             lengths.size(0) == batch && lengths.device().is_cpu(),
         "lengths", describe(lengths), "int64 [" + std::to_string(batch) + "] on the CPU");
  const auto values = lengths.contiguous();
  for (std::int64_t b = 0; b < batch; ++b) {
    const auto length = values.const_data_ptr<std::int64_t>()[b];
    expect(length >= 1 && length <= longest, "lengths[" + std::to_string(b) + "]",
           std::to_string(length), "1 to " + std::to_string(longest) + " " + what);
  }
}

}  // namespace earshot
