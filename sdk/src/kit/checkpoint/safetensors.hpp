#pragma once
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace earshot::kit::checkpoint {

/// How a safetensors file begins, and which tensors follow: the rest of the file is the elements of
/// each of `order`, row by row.
struct SafetensorsLayout {
  std::string head{};                      ///< the header's length, and the header
  std::vector<const at::Tensor*> order{};  ///< of the given tensors, on any device
};

/// The layout of the reference implementation: largest numbers first, then by name, so that all are
/// aligned.
/// @throws DataError without the file's name, for a name or text that is not UTF-8; ContractError
/// for a type that the format lacks, and for a name or a number of dimensions that the kit's reader
/// refuses (longest_name, most_dimensions).
SafetensorsLayout layout_safetensors(const std::map<std::string, at::Tensor>& tensors,
                                     const std::map<std::string, std::string>& metadata);

}  // namespace earshot::kit::checkpoint
