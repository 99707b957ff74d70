#pragma once
#include <filesystem>

#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// The array of a .npy file, as numpy.save writes it (NEP 1, versions 1 to 3): booleans, whole,
/// floating and complex numbers of either byte order, in rows (C) or columns (Fortran). With the
/// type and strides of the file, on the CPU. No copy but of the other byte order: it is a view of
/// the mapped file, which lives as long as the tensor; the file is never changed.
/// @throws DataError `<file>: <reason>`: truncated, longer than its array, or a header that lies;
/// pickled objects, texts, dates and records, which would need Python or are not numbers.
at::Tensor read_npy(const std::filesystem::path& file);

/// Writes a tensor of any device and strides, in C order, as numpy.save does: to a temporary file
/// next to it, which is flushed and renamed.
/// @throws DataError if it cannot be written; ContractError for a type that NumPy lacks.
void write_npy(const std::filesystem::path& file, const at::Tensor& tensor);

}  // namespace earshot::kit
