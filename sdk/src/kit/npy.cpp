#include <algorithm>
#include <memory>

#include <ATen/ATen.h>

#include <earshot/error.hpp>
#include <earshot/kit/npy.hpp>

#include "checkpoint/atomic_file.hpp"
#include "checkpoint/npy_types.hpp"
#include "checkpoint/tensor.hpp"

namespace earshot::kit {

namespace fs = std::filesystem;

at::Tensor read_npy(const fs::path& file) {
  const auto mapping = std::make_shared<const checkpoint::MappedFile>(file);
  try {
    return checkpoint::map_tensor(mapping, checkpoint::read_npy(mapping->bytes()).tensors.front());
  } catch (const DataError& error) {
    const std::string reason = error.what();
    throw DataError(reason.starts_with(file.string()) ? reason : file.string() + ": " + reason);
  }
}

namespace {

std::string type_of(const at::Tensor& tensor) {
  const auto number = checkpoint::number_of(tensor.scalar_type());
  const auto types = checkpoint::npy_types();
  const auto found = std::find_if(types.begin(), types.end(),
                                  [&](const auto& type) { return type.number == number; });
  if (!number || found == types.end())
    throw ContractError(std::string("numbers of type ") + c10::toString(tensor.scalar_type()) +
                        ", which NumPy does not have");
  std::string type(1, checkpoint::names_of(*number).bytes == 1 ? '|' : '<');
  return type += found->name;
}

/// Version 1, padded with spaces so that the numbers begin at a multiple of 64 bytes.
std::string header_of(const at::Tensor& tensor) {
  constexpr std::size_t alignment = 64, fixed = 10;
  std::string shape;  // formatted like a Python tuple: (), (2,), (2, 3)
  for (const auto size : tensor.sizes())
    shape.append(shape.empty() ? "" : " ").append(std::to_string(size)).append(",");
  if (tensor.dim() > 1) shape.pop_back();
  std::string text =
      "{'descr': '" + type_of(tensor) + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  text.resize((fixed + text.size() + alignment) / alignment * alignment - fixed - 1, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

}  // namespace

void write_npy(const fs::path& file, const at::Tensor& tensor) {
  const auto header = header_of(tensor);
  const auto values = tensor.detach().to(at::kCPU).contiguous();
  checkpoint::AtomicFile out(file);
  out.write(header.data(), header.size());
  if (values.numel() > 0) out.write(values.const_data_ptr(), values.nbytes());
  out.commit();
}

}  // namespace earshot::kit
