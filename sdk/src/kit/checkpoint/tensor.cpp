#include "tensor.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <ATen/ATen.h>

#include <earshot/error.hpp>

namespace earshot::kit::checkpoint {

namespace {

constexpr std::array<std::pair<Number, at::ScalarType>, 20> types{{
    {Number::f64, at::kDouble},
    {Number::f32, at::kFloat},
    {Number::f16, at::kHalf},
    {Number::bf16, at::kBFloat16},
    {Number::f8_e4m3, at::kFloat8_e4m3fn},
    {Number::f8_e5m2, at::kFloat8_e5m2},
    {Number::f8_e4m3fnuz, at::kFloat8_e4m3fnuz},
    {Number::f8_e5m2fnuz, at::kFloat8_e5m2fnuz},
    {Number::f8_e8m0, at::kFloat8_e8m0fnu},
    {Number::i64, at::kLong},
    {Number::i32, at::kInt},
    {Number::i16, at::kShort},
    {Number::i8, at::kChar},
    {Number::u64, at::kUInt64},
    {Number::u32, at::kUInt32},
    {Number::u16, at::kUInt16},
    {Number::u8, at::kByte},
    {Number::boolean, at::kBool},
    {Number::c64, at::kComplexFloat},
    {Number::c128, at::kComplexDouble},
}};

void swap_bytes(std::span<std::byte> bytes, const Layout& layout) {
  std::size_t unit = names_of(layout.number).bytes;
  if (layout.number == Number::c64 || layout.number == Number::c128) unit /= 2;  // two parts
  for (std::size_t i = 0; i + unit <= bytes.size(); i += unit)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                 bytes.begin() + static_cast<std::ptrdiff_t>(i + unit));
}

/// A bool with a value other than 0 and 1 is undefined behaviour in every kernel.
void check_values(const MappedFile& file, const Layout& layout, std::span<const std::byte> bytes) {
  if (layout.number == Number::boolean &&
      std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; }))
    throw DataError(file.path().string() + ": tensor " + in_quotes(layout.name) +
                    " has a boolean that is neither 0 nor 1");
}

std::size_t bytes_of(const Layout& layout) {
  return static_cast<std::size_t>(layout.extent) * names_of(layout.number).bytes;
}

/// Reads the layout's bytes, gaps included.
void read_bytes(const MappedFile& file, const Layout& layout, std::span<std::byte> into) {
  file.read(layout.begin, into);
  if (layout.swapped) swap_bytes(into, layout);
  check_values(file, layout, into);
}

at::Tensor copy_of(const MappedFile& file, const Layout& layout) {
  auto flat = at::empty({static_cast<std::int64_t>(layout.extent)}, scalar_type(layout.number));
  read_bytes(file, layout, {static_cast<std::byte*>(flat.mutable_data_ptr()), bytes_of(layout)});
  return flat.as_strided(layout.shape, layout.strides);
}

}  // namespace

at::ScalarType scalar_type(Number number) {
  return types.at(static_cast<std::size_t>(number)).second;
}

std::optional<Number> number_of(at::ScalarType type) {
  for (const auto& [number, known] : types)
    if (known == type) return number;
  return std::nullopt;
}

at::Tensor map_tensor(const std::shared_ptr<const MappedFile>& file, const Layout& layout) {
  const auto type = scalar_type(layout.number);
  if (layout.extent == 0) return at::empty(layout.shape, type);
  const auto bytes =
      file->bytes().subspan(static_cast<std::size_t>(layout.begin), bytes_of(layout));
  const std::size_t alignment = std::min<std::size_t>(names_of(layout.number).bytes, 8);
  if (layout.swapped || reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment != 0)
    return copy_of(*file, layout);
  check_values(*file, layout, bytes);
  return at::from_blob(
      bytes.data(), layout.shape, layout.strides, [file](void*) {}, at::TensorOptions(type));
}

void read_tensor(const MappedFile& file, const Layout& layout, at::Tensor& into) {
  if (layout.extent == 0) return;
  auto contiguous = layout;
  make_contiguous(contiguous);
  const bool direct = into.device().is_cpu() && into.is_contiguous() &&
                      into.scalar_type() == scalar_type(layout.number) &&
                      contiguous.extent == layout.extent && contiguous.strides == layout.strides;
  if (direct)
    read_bytes(file, layout, {static_cast<std::byte*>(into.mutable_data_ptr()), bytes_of(layout)});
  else
    into.copy_(copy_of(file, layout));
}

}  // namespace earshot::kit::checkpoint
