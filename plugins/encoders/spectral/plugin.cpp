#include <earshot/plugin.hpp>

#include "log_mel.hpp"
#include "mfcc.hpp"

EARSHOT_PLUGIN("spectral", "1.0.0", "Classical spectral features") {
  registrar.add<spectral::LogMelEncoder>("log_mel", "Mel spectrogram on a logarithmic scale");
  registrar.add<spectral::Mfcc>("mfcc", "Mel-frequency cepstral coefficients, zero-crossing rate");
}
