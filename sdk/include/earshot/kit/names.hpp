#pragma once
#include <filesystem>
#include <string>

namespace earshot::kit {

/// `text` with A to Z replaced by a to z; other bytes are unchanged.
std::string lower_case(std::string text);

/// Whether a file has an extension that libsndfile opens, in upper or lower case: .wav, .flac,
/// .ogg, ...
bool is_audio(const std::filesystem::path& file);

}  // namespace earshot::kit
