#include "vectors.hpp"

#include <charconv>
#include <system_error>

#include <ATen/ATen.h>

#include <earshot/error.hpp>
#include <earshot/kit/npy.hpp>

namespace table {

using earshot::DataError;
using earshot::kit::Checkpoint;

namespace {

constexpr std::size_t most_open = 64;  // far below the usual limit of 1024 files

constexpr std::string_view npy = ".npy", safetensors = ".safetensors";

/// Where the part after the '#' begins; the length of the cell if there is none.
std::size_t end_of_file_name(std::string_view cell, std::string_view extension) {
  const auto found = cell.find(std::string(extension) + '#');
  return found == std::string_view::npos ? cell.size() : found + extension.size();
}

/// A shape as NumPy writes it: (), (3,), (2, 3).
std::string shape_text(const at::Tensor& values) {
  std::string sizes;
  for (const auto size : values.sizes())
    sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  return '(' + sizes + (values.dim() == 1 ? ",)" : ")");
}

std::string described(const at::Tensor& values) {
  return std::string("has ") + c10::toString(values.scalar_type()) + " values of shape " +
         shape_text(values);
}

}  // namespace

VectorPlace VectorPlace::of(const std::string& cell) {
  const auto fail = [](const std::string& what) {
    throw DataError(what +
                    "; expected a file of one vector (a.npy), a row of an array, counted from 0 "
                    "(a.npy#17), or a tensor (a.safetensors#name)");
  };
  const auto npy_end = end_of_file_name(cell, npy), other_end = end_of_file_name(cell, safetensors);
  VectorPlace place{.file = cell.substr(0, std::min(npy_end, other_end))};
  const auto after = cell.substr(std::min(cell.size(), place.file.size() + 1));
  if (place.file.ends_with(safetensors)) {
    place.tensor = after;
    if (after.empty()) fail("no tensor is named");
  } else if (!place.file.ends_with(npy)) {
    fail("that is neither a .npy nor a .safetensors file");
  } else if (place.file.size() < cell.size()) {
    const auto* end = after.data() + after.size();
    const auto read = std::from_chars(after.data(), end, place.row);
    if (read.ec != std::errc() || read.ptr != end || place.row < 0)
      fail("'" + after.substr(0, 40) + "' is not a row");
  }
  return place;
}

void VectorFiles::keep(const std::string& file, Open opened) const {
  if (open_.size() >= most_open) open_.clear();
  open_.emplace(file, std::move(opened));
}

at::Tensor VectorFiles::find(const VectorPlace& place) const {
  const auto path = file(place);
  const auto known = open_.find(place.file);
  std::error_code error;
  if (known == open_.end() && !std::filesystem::is_regular_file(path, error))
    throw DataError(path.string() + ": there is no such file");
  if (!place.tensor.empty()) {
    if (known != open_.end()) return known->second.tensors->get(place.tensor);
    const auto opened = std::make_shared<const Checkpoint>(path);
    if (opened->names().size() > 1) keep(place.file, {.tensors = opened});
    return opened->get(place.tensor);
  }
  auto array = known == open_.end() ? earshot::kit::read_npy(path) : known->second.rows;
  if (place.row < 0) return array;
  if (array.dim() != 2)
    throw DataError(path.string() + ": " + described(array) +
                    "; a row needs an array of shape (rows, values)");
  if (place.row >= array.size(0))
    throw DataError(path.string() + ": has no row " + std::to_string(place.row) + ": it " +
                    described(array) + "; expected a row below " + std::to_string(array.size(0)));
  if (known == open_.end()) keep(place.file, {.rows = array});
  return array[place.row];
}

at::Tensor VectorFiles::read(const VectorPlace& place) const {
  const auto values = find(place);
  const auto expect = [&](bool fits, const std::string& what) {
    if (!fits)
      throw DataError(file(place).string() + ": " +
                      (place.tensor.empty() ? "" : "tensor '" + place.tensor + "' ") + what);
  };
  expect(values.dim() == 1 && values.numel() > 0,
         described(values) + "; expected (values,), at least one" +
             (values.dim() == 2 && place.tensor.empty()
                  ? ", or the number of a row: '" + place.file + "#0'"
                  : ""));
  expect(at::isFloatingType(values.scalar_type()) ||
             at::isIntegralType(values.scalar_type(), /*includeBool=*/false),
         described(values) + "; expected whole or floating-point numbers");
  auto vector = at::empty({values.numel()}, at::kFloat).copy_(values);
  const auto wrong = at::isfinite(vector).logical_not_();
  if (wrong.any().item<bool>()) {
    const auto at = wrong.to(at::kByte).argmax().item<std::int64_t>();
    expect(false, "value " + std::to_string(at) + " is " + c10::str(values[at].item<double>()) +
                      "; expected finite numbers of the range of float32");
  }
  return vector;
}

}  // namespace table
