#include <earshot/plugin.hpp>

#include "common_voice.hpp"

EARSHOT_PLUGIN("common_voice", "1.0.0", "Read speech in many languages: Common Voice") {
  registrar.add<common_voice::CommonVoice>(
      "common_voice", "Sentences read by volunteers, one language of Common Voice");
}
