#include <algorithm>
#include <cstring>

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>

#include "atomic_file.hpp"
#include "layout.hpp"
#include "safetensors.hpp"
#include "tensor.hpp"

namespace earshot::kit {

namespace checkpoint {

namespace {

struct Part {
  const std::string* name;
  const at::Tensor* tensor;
  Number number;
};

std::vector<Part> in_order(const std::map<std::string, at::Tensor>& tensors) {
  std::vector<Part> parts;
  for (const auto& [name, tensor] : tensors) {
    const auto number = number_of(tensor.scalar_type());
    if (!number || names_of(*number).safetensors.empty())
      throw ContractError("tensor " + in_quotes(name) + " has numbers of type " +
                          c10::toString(tensor.scalar_type()) +
                          ", which safetensors does not have");
    if (name == "__metadata__")
      throw ContractError("a tensor cannot be named '__metadata__', which safetensors reserves");
    if (name.size() > longest_name)
      throw ContractError("tensor " + in_quotes(name) + " has a name of " +
                          std::to_string(name.size()) + " bytes; allowed are " +
                          std::to_string(longest_name));
    if (tensor.dim() > static_cast<std::int64_t>(most_dimensions))
      throw ContractError("tensor " + in_quotes(name) + " has " + std::to_string(tensor.dim()) +
                          " dimensions; allowed are " + std::to_string(most_dimensions));
    parts.push_back({&name, &tensor, *number});
  }
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    const auto bytes = [](const Part& part) { return names_of(part.number).bytes; };
    return std::pair(-bytes(a), a.number) < std::pair(-bytes(b), b.number);
  });
  return parts;
}

std::string header_of(const std::vector<Part>& parts,
                      const std::map<std::string, std::string>& metadata) {
  auto header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t begin = 0;
  for (const auto& part : parts) {
    const auto end = begin + static_cast<std::uint64_t>(part.tensor->nbytes());
    header[*part.name] = {{"dtype", names_of(part.number).safetensors},
                          {"shape", part.tensor->sizes().vec()},
                          {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw DataError("cannot be written: a name or a text in it is not UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

void check_length(const SafetensorsLayout& layout) {
  const auto bytes = layout.head.size() - sizeof(std::uint64_t);
  if (bytes > longest_safetensors_header)
    throw DataError("cannot be written: the names, shapes and texts of its header take " +
                    std::to_string(bytes) + " bytes; allowed are " +
                    std::to_string(longest_safetensors_header) +
                    ". Write less text or fewer tensors into one file");
}

}  // namespace

SafetensorsLayout layout_safetensors(const std::map<std::string, at::Tensor>& tensors,
                                     const std::map<std::string, std::string>& metadata) {
  const auto parts = in_order(tensors);
  const auto header = header_of(parts, metadata);
  const std::uint64_t length = header.size();
  SafetensorsLayout layout;
  layout.head.resize(sizeof length);
  std::memcpy(layout.head.data(), &length, sizeof length);
  layout.head += header;
  for (const auto& part : parts)
    layout.order.push_back(part.tensor);
  return layout;
}

}  // namespace checkpoint

void save_safetensors(const std::filesystem::path& file,
                      const std::map<std::string, at::Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  checkpoint::SafetensorsLayout layout;
  try {
    layout = checkpoint::layout_safetensors(tensors, metadata);
    checkpoint::check_length(layout);
  } catch (const DataError& error) {
    throw DataError(file.string() + ": " + error.what());
  }
  checkpoint::AtomicFile out(file);
  out.write(layout.head.data(), layout.head.size());
  for (const auto* tensor : layout.order) {
    const auto values = tensor->detach().to(at::kCPU).contiguous();
    if (values.numel() > 0) out.write(values.const_data_ptr(), values.nbytes());
  }
  out.commit();
}

}  // namespace earshot::kit
