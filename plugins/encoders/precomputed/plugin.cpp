#include <earshot/plugin.hpp>

#include "precomputed.hpp"

EARSHOT_PLUGIN("precomputed", "1.1.0", "Features that were computed elsewhere") {
  registrar.add<precomputed::Precomputed>("precomputed",
                                          "Features from .npy or .safetensors files by item id");
}
