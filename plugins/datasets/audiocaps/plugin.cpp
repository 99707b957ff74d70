#include <earshot/plugin.hpp>

#include "audiocaps.hpp"

EARSHOT_PLUGIN("audiocaps", "1.0.0", "Captions of clips of AudioSet") {
  registrar.add<audiocaps::AudioCaps>("audiocaps", "Captions of some 51,000 clips of 10 s");
}
