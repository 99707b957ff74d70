#pragma once
#include <span>
#include <string_view>

#include "layout.hpp"

namespace earshot::kit::checkpoint {

/// NumPy's name of a number type, without its byte order: numpy.dtype.str.
struct NpyType {
  std::string_view name;
  Number number;
};

inline std::span<const NpyType> npy_types() {
  static constexpr NpyType types[] = {
      {"f8", Number::f64}, {"f4", Number::f32},  {"f2", Number::f16}, {"i8", Number::i64},
      {"i4", Number::i32}, {"i2", Number::i16},  {"i1", Number::i8},  {"u8", Number::u64},
      {"u4", Number::u32}, {"u2", Number::u16},  {"u1", Number::u8},  {"b1", Number::boolean},
      {"c8", Number::c64}, {"c16", Number::c128}};
  return types;
}

}  // namespace earshot::kit::checkpoint
