#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include <earshot/encoder.hpp>

namespace earshot {

/// A clip as its dataset names it.
struct ClipName {
  /// Ids of the items with this clip, in the order of the dataset, at least one: features belong to
  /// clips, not to items. For an item with two clips: "<id>-a" and "<id>-b".
  std::vector<std::string> items{};
  std::filesystem::path file{};  ///< as Clip has it; empty when it is synthesized
  double start = 0;              ///< s
  double duration = 0;           ///< s; 0: to the end
};

/// Ability of an encoder that looks features up by the name of the clip and takes no audio: they
/// were computed elsewhere. The host calls look_up() instead of encode(), and opens no audio for
/// it; encode() throws Unsupported. The files it reads belong in options of type path, whose
/// content enters the keys of results.
class EARSHOT_API Lookup {
 public:
  static constexpr const char* contract = "lookup";
  virtual ~Lookup();

  /// Features of one clip: floating (T, D) on the CPU, as spec() says, all finite; T within one of
  /// duration times frame_rate, or 1 where that is 0.
  /// @throws DataError if there are none for it, or damaged ones, naming the file. The clip then
  /// counts as one whose audio cannot be read.
  virtual at::Tensor look_up(const ClipName& clip) = 0;
};

}  // namespace earshot
