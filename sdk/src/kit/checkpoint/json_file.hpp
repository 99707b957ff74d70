#pragma once
#include <filesystem>

#include <nlohmann/json_fwd.hpp>

namespace earshot::kit::checkpoint {

/// @throws DataError `<file>: <reason>` if it cannot be read, is larger than 64 MB, or holds
/// anything but a JSON object.
nlohmann::json read_json_object(const std::filesystem::path& file);

}  // namespace earshot::kit::checkpoint
