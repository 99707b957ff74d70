#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The result of the readers of checkpoint files: where each tensor is. This header and the readers
// do not use LibTorch, so that fuzzers compile them in seconds, with every line instrumented.
namespace earshot::kit::checkpoint {

/// Number types that LibTorch 2.11 has and a checkpoint may hold.
enum class Number : std::uint8_t {
  f64,
  f32,
  f16,
  bf16,
  f8_e4m3,
  f8_e5m2,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  f8_e8m0,
  i64,
  i32,
  i16,
  i8,
  u64,
  u32,
  u16,
  u8,
  boolean,
  c64,
  c128
};

struct NumberNames {
  Number number;
  std::uint8_t bytes;            ///< of one number
  std::string_view safetensors;  ///< "F32"; empty if the format lacks it
  std::string_view torch;        ///< "float32", as in torch.float32
  std::string_view storage;      ///< "FloatStorage"; empty if PyTorch has none
};

std::span<const NumberNames> all_numbers();
const NumberNames& names_of(Number number);

/// A tensor as a view of its file's bytes. Readers guarantee: it is entirely inside the file, shape
/// and strides are not negative, and the number of bytes of the shape fits an int64.
struct Layout {
  std::string name{};
  Number number = Number::f32;
  std::vector<std::int64_t> shape{};
  std::vector<std::int64_t> strides{};  ///< in elements
  std::uint64_t begin = 0;              ///< offset in the file of its first element
  std::uint64_t extent = 0;             ///< elements from the first to the last, gaps included
  bool swapped = false;                 ///< written on a big-endian machine
};

/// The content of one file.
struct Contents {
  std::vector<Layout> tensors{};
  std::map<std::string, std::string> text{};
  std::vector<std::string> skipped{};  ///< "<name> (<class>)" of objects that are not tensors
};

/// Maximum length of a tensor's name that readers accept: regular expressions run over names, and
/// those of the C++ library use stack space in proportion.
inline constexpr std::size_t longest_name = 2048;
inline constexpr std::size_t most_dimensions = 64;  // the maximum of LibTorch's kernels

/// Multiplies `factor` by the sizes of the shape; false if the product, or the product without its
/// zeros, does not fit an int64, or if a size is negative.
bool multiply(std::span<const std::int64_t> shape, std::uint64_t factor, std::uint64_t& product);

/// Sets strides and extent for elements that follow each other in row-major order.
void make_contiguous(Layout& layout);

/// A name for messages: quoted, and shortened if it is long.
std::string in_quotes(std::string_view name);

/// The longest header of a safetensors file that the reference implementation reads, in bytes.
inline constexpr std::uint64_t longest_safetensors_header = 100'000'000;

/// @throws DataError with what is wrong, without the file's name; any bytes will do.
Contents read_safetensors(std::span<const std::byte> file,
                          std::uint64_t longest = longest_safetensors_header);
Contents read_torch_zip(std::span<const std::byte> file);
Contents read_torch_legacy(std::span<const std::byte> file);
Contents read_npy(std::span<const std::byte> file);  ///< one tensor, "array"

}  // namespace earshot::kit::checkpoint
