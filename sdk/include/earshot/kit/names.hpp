#pragma once
#include <filesystem>
#include <string>

namespace earshot::kit {

/// `text` with A to Z as a to z; other bytes as they are.
std::string lower_case(std::string text);

/// Whether a file ends, in whatever case, as files do that libsndfile opens: .wav, .flac, .ogg, ...
bool is_audio(const std::filesystem::path& file);

}  // namespace earshot::kit
