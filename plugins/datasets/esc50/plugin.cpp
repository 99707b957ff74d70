#include <earshot/plugin.hpp>

#include "esc50.hpp"

EARSHOT_PLUGIN("esc50", "1.0.0", "Environmental sounds: ESC-50 and its subset ESC-10") {
  registrar.add<esc50::Esc50>("esc50", "2000 clips of 5 s in 50 classes, or 400 in 10; 5 folds");
}
