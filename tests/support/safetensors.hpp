#pragma once
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

namespace earshot::testing {

template <class T>
struct StoredTensor {
  std::vector<std::int64_t> shape{};
  std::vector<T> values{};
};

/// Reads the float32 or int64 tensors of a trusted safetensors file.
template <class T = float>
std::map<std::string, StoredTensor<T>> read_safetensors(const std::filesystem::path& file) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, std::int64_t>);
  const auto* type = std::is_same_v<T, float> ? "F32" : "I64";
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error(file.string() + " cannot be read");
  std::ostringstream all;
  all << stream.rdbuf();
  const auto bytes = all.str();
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), 8);
  const auto data = 8 + header_bytes;
  std::map<std::string, StoredTensor<T>> tensors;
  const nlohmann::json header = nlohmann::json::parse(bytes.substr(8, header_bytes));
  for (const auto& item : header.items()) {
    const nlohmann::json& entry = item.value();
    if (item.key() == "__metadata__" || entry.at("dtype") != type) continue;
    const auto offsets = entry.at("data_offsets").get<std::vector<std::uint64_t>>();
    auto& tensor = tensors[item.key()];
    tensor.shape = entry.at("shape").get<std::vector<std::int64_t>>();
    tensor.values.resize((offsets[1] - offsets[0]) / sizeof(T));
    std::memcpy(tensor.values.data(), bytes.data() + data + offsets[0], offsets[1] - offsets[0]);
  }
  return tensors;
}

}  // namespace earshot::testing
