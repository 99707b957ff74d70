#include <earshot/plugin.hpp>

#include "reconstruction.hpp"

EARSHOT_PLUGIN("reconstruction", "1.0.0", "How close a codec's audio comes to the original") {
  registrar.add<reconstruction::Reconstruction>(
      "reconstruction", "Distances between audio and its reconstruction by a codec");
}
