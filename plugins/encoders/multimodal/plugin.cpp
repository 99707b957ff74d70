#include <earshot/plugin.hpp>

#include "multimodal.hpp"

EARSHOT_PLUGIN("multimodal", "1.0.0",
               "Fusion of video, audio and text to predict brain responses") {
  registrar.add<multimodal::Multimodal>(
      "multimodal", "One vector per clip from the video, audio and text of other encoders");
}
