#pragma once
#include <cstdint>

#include "signal.hpp"

namespace earshot::scenes {

/// Classes of events, in the order of their labels.
inline constexpr std::array<const char*, 12> event_names = {"alarm",    "bark", "bell",   "bird",
                                                            "clapping", "drum", "engine", "glass",
                                                            "knock",    "rain", "siren",  "speech"};

/// One instance of a class: a particular dog or bell. Continuous parameters in [0, 1), each of
/// which changes something audible (pitch, decay, rhythm, colour) over the range of its class.
struct Source {
  int event = 0;
  std::array<double, 8> parameters{};
};

Source draw_source(int event, std::uint64_t seed);

/// The source alone, without room or noise, recurring until the end; mean square 1. `performance`
/// decides when and how loud it sounds, but not what it is.
Signal render(const Source& source, std::uint64_t performance, std::size_t length);

}  // namespace earshot::scenes
