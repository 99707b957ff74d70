#pragma once
#include <filesystem>
#include <string>

#include <earshot/options.hpp>

namespace torchscript {

/// What a model takes and gives, which its file does not show by itself.
struct Declaration {
  std::int64_t sample_rate = 0;  ///< Hz
  std::int64_t channels = 1;
  std::int64_t dim = 0;    ///< values per frame; 0: as the model's output shows
  double frame_rate = 0;   ///< Hz; 0: one vector per clip
  double first_frame = 0;  ///< s
  double min_seconds = 0;  ///< shorter audio is filled up with zeros
  std::string input{};     ///< "bcn" or "bn"
  std::string layout{};    ///< of the output: "btd", "bdt" or "bd"
};

/// The options that declare it.
earshot::OptionSchema declaration_options();

/// Each value from the options, or where they leave it to the file from `about`, the text of its
/// extra file earshot.json ("" when there is none), or else the default above.
/// @throws ConfigError: sample_rate or frame_rate are in neither, or values do not fit each other;
/// DataError naming `file`: its extra file is no JSON object, or a value of another type.
Declaration declaration(const earshot::Options& options, const std::string& about,
                        const std::filesystem::path& file);

}  // namespace torchscript
