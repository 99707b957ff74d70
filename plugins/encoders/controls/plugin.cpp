#include <earshot/plugin.hpp>

#include "level_only.hpp"
#include "random_projection.hpp"

EARSHOT_PLUGIN("controls", "1.0.0", "Untrained encoders, as baselines for others") {
  registrar.add<controls::LevelOnly>("level_only", "Level, peak and crest factor of a clip");
  registrar.add<controls::RandomProjection>("random_projection",
                                            "Untrained layer on spectral frames");
}
