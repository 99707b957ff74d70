#pragma once
#include <filesystem>
#include <string>

#include <earshot/options.hpp>

namespace torchscript {

/// Input and output of a model, which its file does not specify.
struct Declaration {
  std::int64_t sample_rate = 0;  ///< Hz
  std::int64_t channels = 1;
  std::int64_t dim = 0;    ///< values per frame; 0: taken from the model's output
  double frame_rate = 0;   ///< Hz; 0: one vector per clip
  double first_frame = 0;  ///< s
  double min_seconds = 0;  ///< shorter audio is padded with zeros
  std::string input{};     ///< "bcn" or "bn"
  std::string layout{};    ///< of the output: "btd", "bdt" or "bd"
};

/// The options for this declaration.
earshot::OptionSchema declaration_options();

/// Each value is taken from the options, or if they leave it to the file from `about`, the text of
/// its extra file earshot.json ("" if there is none), or else is the default above.
/// @throws ConfigError: sample_rate or frame_rate are in neither, or values do not fit each other;
/// DataError naming `file`: its extra file is not a JSON object, or a value has another type.
Declaration declaration(const earshot::Options& options, const std::string& about,
                        const std::filesystem::path& file);

}  // namespace torchscript
