#include <earshot/plugin.hpp>

#include "audiocaps.hpp"

EARSHOT_PLUGIN("audiocaps", "1.0.0", "Captions of AudioSet clips") {
  registrar.add<audiocaps::AudioCaps>("audiocaps", "Captions of about 51,000 clips of 10 s");
}
