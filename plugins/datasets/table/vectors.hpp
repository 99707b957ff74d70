#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include <earshot/kit/checkpoint.hpp>

namespace table {

/// A vector in a file, as a cell of a table names it.
struct VectorPlace {
  std::string file{};     ///< ends in .npy or .safetensors
  std::int64_t row = -1;  ///< of an array with a vector in each row; -1: the file is one vector
  std::string tensor{};   ///< in a .safetensors file

  /// Parses `a.npy`, `a.npy#17` or `a.safetensors#name`; the name may contain '#'.
  /// @throws DataError for anything else, saying what is allowed.
  static VectorPlace of(const std::string& cell);
};

/// Reads the vectors that a table's cells refer to. Arrays with many vectors are mapped and stay
/// open, at most 64 of them; files of one vector are opened for each reading.
class VectorFiles {
 public:
  explicit VectorFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The file, relative to the folder unless it is absolute.
  std::filesystem::path file(const VectorPlace& place) const { return folder_ / place.file; }

  /// float32 (K), contiguous, a copy. Files may hold whole or floating-point numbers of any size,
  /// byte order and memory order.
  /// @throws DataError `<file>...: <reason>` with shape or type, and what is allowed: a damaged
  /// file, another number of dimensions, a missing row or tensor, no values, numbers of another
  /// kind, values that are no finite float32.
  at::Tensor read(const VectorPlace& place) const;

 private:
  struct Open {
    at::Tensor rows{};  ///< of a .npy file
    std::shared_ptr<const earshot::kit::Checkpoint> tensors{};
  };
  at::Tensor find(const VectorPlace& place) const;
  void keep(const std::string& file, Open opened) const;

  std::filesystem::path folder_;
  mutable std::map<std::string, Open> open_;
};

}  // namespace table
