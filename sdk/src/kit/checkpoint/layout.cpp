#include "layout.hpp"

#include <algorithm>
#include <array>

namespace earshot::kit::checkpoint {

namespace {

// safetensors: its README, "Format", and `Dtype` in tensor.rs of 0.8; storages: torch/storage.py.
constexpr std::array<NumberNames, 20> table{{
    {Number::f64, 8, "F64", "float64", "DoubleStorage"},
    {Number::f32, 4, "F32", "float32", "FloatStorage"},
    {Number::f16, 2, "F16", "float16", "HalfStorage"},
    {Number::bf16, 2, "BF16", "bfloat16", "BFloat16Storage"},
    {Number::f8_e4m3, 1, "F8_E4M3", "float8_e4m3fn", ""},
    {Number::f8_e5m2, 1, "F8_E5M2", "float8_e5m2", ""},
    {Number::f8_e4m3fnuz, 1, "F8_E4M3FNUZ", "float8_e4m3fnuz", ""},
    {Number::f8_e5m2fnuz, 1, "F8_E5M2FNUZ", "float8_e5m2fnuz", ""},
    {Number::f8_e8m0, 1, "F8_E8M0", "float8_e8m0fnu", ""},
    {Number::i64, 8, "I64", "int64", "LongStorage"},
    {Number::i32, 4, "I32", "int32", "IntStorage"},
    {Number::i16, 2, "I16", "int16", "ShortStorage"},
    {Number::i8, 1, "I8", "int8", "CharStorage"},
    {Number::u64, 8, "U64", "uint64", ""},
    {Number::u32, 4, "U32", "uint32", ""},
    {Number::u16, 2, "U16", "uint16", ""},
    {Number::u8, 1, "U8", "uint8", "ByteStorage"},
    {Number::boolean, 1, "BOOL", "bool", "BoolStorage"},
    {Number::c64, 8, "C64", "complex64", "ComplexFloatStorage"},
    {Number::c128, 16, "", "complex128", "ComplexDoubleStorage"},
}};

}  // namespace

std::span<const NumberNames> all_numbers() {
  return table;
}

const NumberNames& names_of(Number number) {
  return table.at(static_cast<std::size_t>(number));
}

bool multiply(std::span<const std::int64_t> shape, std::uint64_t factor, std::uint64_t& product) {
  std::int64_t all = static_cast<std::int64_t>(factor);
  bool empty = false;
  for (const auto size : shape) {
    if (size < 0) return false;
    if (size == 0)
      empty = true;  // the other sizes still determine the strides
    else if (__builtin_mul_overflow(all, size, &all))
      return false;
  }
  product = empty ? 0 : static_cast<std::uint64_t>(all);
  return true;
}

void make_contiguous(Layout& layout) {
  layout.strides.assign(layout.shape.size(), 1);
  for (std::size_t d = layout.shape.size(); d-- > 1;)
    layout.strides[d - 1] = layout.strides[d] * std::max<std::int64_t>(layout.shape[d], 1);
  multiply(layout.shape, 1, layout.extent);
}

std::string in_quotes(std::string_view name) {
  constexpr std::size_t most = 100;
  std::string text(1, '\'');
  text += name.substr(0, most);
  text += name.size() > most ? "...'" : "'";
  return text;
}

}  // namespace earshot::kit::checkpoint
