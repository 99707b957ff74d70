#pragma once
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace earshot::testing {

struct FloatTensor {
  std::vector<std::int64_t> shape{};
  std::vector<float> values{};
};

/// The float32 tensors of a safetensors file that can be trusted.
inline std::map<std::string, FloatTensor> read_safetensors(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error(file.string() + " cannot be read");
  std::ostringstream all;
  all << stream.rdbuf();
  const auto bytes = all.str();
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), 8);
  const auto data = 8 + header_bytes;
  std::map<std::string, FloatTensor> tensors;
  const auto header = nlohmann::json::parse(bytes.substr(8, header_bytes));
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__" || entry.at("dtype") != "F32") continue;
    const auto offsets = entry.at("data_offsets").get<std::vector<std::uint64_t>>();
    auto& tensor = tensors[name];
    tensor.shape = entry.at("shape").get<std::vector<std::int64_t>>();
    tensor.values.resize((offsets[1] - offsets[0]) / sizeof(float));
    std::memcpy(tensor.values.data(), bytes.data() + data + offsets[0], offsets[1] - offsets[0]);
  }
  return tensors;
}

}  // namespace earshot::testing
