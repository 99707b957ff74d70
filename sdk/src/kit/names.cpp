#include <algorithm>
#include <set>

#include <earshot/kit/names.hpp>

namespace earshot::kit {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return text;
}

bool is_audio(const std::filesystem::path& file) {
  static const std::set<std::string> endings = {
      ".wav",  ".wave", ".bwf", ".mp2", ".flac", ".ogg",  ".oga", ".opus", ".mp3", ".aif", ".aiff",
      ".aifc", ".au",   ".snd", ".caf", ".w64",  ".rf64", ".sph", ".nist", ".voc", ".avr"};
  return endings.contains(lower_case(file.extension().string()));
}

}  // namespace earshot::kit
