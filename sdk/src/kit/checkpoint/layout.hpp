#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What the readers of checkpoint files hand over: where each tensor lies. No LibTorch here and in
// the readers, so that fuzzers compile them in seconds, with every line of them instrumented.
namespace earshot::kit::checkpoint {

/// Types of numbers that LibTorch 2.11 has and a checkpoint may hold.
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
  std::string_view safetensors;  ///< "F32"; empty where that format lacks it
  std::string_view torch;        ///< "float32", as in torch.float32
  std::string_view storage;      ///< "FloatStorage"; empty where PyTorch has none
};

std::span<const NumberNames> all_numbers();
const NumberNames& names_of(Number number);

/// A tensor as a view of its file's bytes. Readers promise: all of it lies inside the file, shape
/// and strides are not negative, and shape x bytes of a number fits an int64.
struct Layout {
  std::string name{};
  Number number = Number::f32;
  std::vector<std::int64_t> shape{};
  std::vector<std::int64_t> strides{};  ///< in elements
  std::uint64_t begin = 0;              ///< byte of the file where its first element lies
  std::uint64_t extent = 0;             ///< elements from the first to the last, gaps included
  bool swapped = false;                 ///< written on a big-endian machine
};

/// What one file holds.
struct Contents {
  std::vector<Layout> tensors{};
  std::map<std::string, std::string> text{};
  std::vector<std::string> skipped{};  ///< "<name> (<class>)" of objects that are no tensors
};

/// Longest name of a tensor that readers take: regular expressions run over names, and those of the
/// C++ library use the stack in proportion.
inline constexpr std::size_t longest_name = 2048;
inline constexpr std::size_t most_dimensions = 64;  // LibTorch's kernels take no more

/// The product of the shape's sizes with `factor`; false if that, or the product without the zeros
/// in it, does not fit an int64 or if a size is negative.
bool multiply(std::span<const std::int64_t> shape, std::uint64_t factor, std::uint64_t& product);

/// Sets strides and extent for elements that follow each other in row-major order.
void make_contiguous(Layout& layout);

/// A name for messages: quoted, and cut where it is long.
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
