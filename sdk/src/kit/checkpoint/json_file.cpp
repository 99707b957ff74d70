#include "json_file.hpp"

#include <string>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>

#include "mapped_file.hpp"

namespace earshot::kit::checkpoint {

nlohmann::json read_json_object(const std::filesystem::path& file) {
  constexpr std::size_t most = 64'000'000;
  const MappedFile mapping(file);
  const auto bytes = mapping.bytes();
  if (bytes.size() > most)
    throw DataError(file.string() + ": has " + std::to_string(bytes.size()) +
                    " bytes; allowed are " + std::to_string(most));
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  try {
    auto value = nlohmann::json::parse(text, text + bytes.size());
    if (value.is_object()) return value;
  } catch (const nlohmann::json::exception& error) {
    throw DataError(file.string() + ": invalid JSON: " + error.what());
  }
  throw DataError(file.string() + ": not a JSON object");
}

}  // namespace earshot::kit::checkpoint
