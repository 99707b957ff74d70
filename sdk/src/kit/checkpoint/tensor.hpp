#pragma once
#include <memory>
#include <optional>

#include <ATen/core/Tensor.h>

#include "layout.hpp"
#include "mapped_file.hpp"

namespace earshot::kit::checkpoint {

at::ScalarType scalar_type(Number number);
std::optional<Number> number_of(at::ScalarType type);

/// A view of the mapping, which it keeps alive; a copy if the numbers are unaligned or swapped.
/// @throws DataError for a BOOL that is neither 0 nor 1.
at::Tensor map_tensor(const std::shared_ptr<const MappedFile>& file, const Layout& layout);

/// Copies from the file into a tensor of the same shape, without touching the mapping.
void read_tensor(const MappedFile& file, const Layout& layout, at::Tensor& into);

}  // namespace earshot::kit::checkpoint
