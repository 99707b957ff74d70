#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "design.hpp"
#include "events.hpp"
#include "recorder.hpp"
#include "room.hpp"

namespace earshot::scenes {

inline constexpr std::array<const char*, 3> distance_names = {"near", "mid", "far"};
inline constexpr std::array<const char*, 3> snr_names = {"clean", "moderate", "noisy"};

/// Signal-to-noise ratios (dB) for a class of snr_names.
Range snr_range(int level);

/// Everything that determines the sound of a clip.
struct Scene {
  Source source{};
  std::filesystem::path recording{};  ///< replaces the source unless ""
  std::uint64_t performance = 0;

  Room room{};
  double distance = 1;  ///< m, at which the positions are drawn
  /// How far the source then is from the receiver, as a share of `distance`: it moves along the
  /// line between them, which stays inside of a convex room.
  double approach = 1;
  std::filesystem::path response{};  ///< replaces room and distance unless ""
  std::uint64_t positions = 0, tail = 0;

  int noise_type = 0;
  double snr = 0;  ///< dB
  std::uint64_t noise = 0;

  Recorder recorder{};
  std::uint64_t gain = 0;
};

/// The stages of a clip, `length` samples each at `rate`.
struct Rendering {
  Signal dry{};       ///< the source alone
  Signal wet{};       ///< at the receiver
  Signal noise{};     ///< as added: background and the recorder's own noise; wet is `snr` dB above
  Signal recorded{};  ///< after the recorder
  Signal clip{};      ///< after the final gain
};

Rendering render(const Scene& scene, std::size_t length);

/// The scene's impulse response.
Signal response_of(const Scene& scene);

/// Time (s) in which the remaining energy falls by 60 dB, extrapolated from its fall between -5 and
/// -35 dB, or as far as the response extends above its noise floor (Schroeder 1965, ISO 3382-1:
/// T30, T20).
/// @returns nullopt if it falls by less than 25 dB.
std::optional<double> reverberation_time(const Signal& response);

}  // namespace earshot::scenes
