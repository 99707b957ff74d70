#include <earshot/plugin.hpp>

#include "librispeech.hpp"

EARSHOT_PLUGIN("librispeech", "1.0.0", "Read English speech: LibriSpeech") {
  registrar.add<librispeech::LibriSpeech>("librispeech",
                                          "Utterances of audiobooks with speaker and transcript");
}
