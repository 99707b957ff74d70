#include <earshot/plugin.hpp>

#include "reconstruction.hpp"

EARSHOT_PLUGIN("reconstruction", "1.0.0", "How closely a codec reproduces the original") {
  registrar.add<reconstruction::Reconstruction>(
      "reconstruction", "Distances between audio and its reconstruction by a codec");
}
