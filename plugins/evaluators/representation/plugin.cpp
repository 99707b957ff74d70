#include <earshot/plugin.hpp>

#include "representation.hpp"

EARSHOT_PLUGIN("representation", "1.0.0", "Trains encoders") {
  registrar.add<representation::Representation>(
      "representation",
      "Trains an encoder to tell classes apart, to predict values or hidden parts of its input, to "
      "reconstruct it or to imitate a teacher");
}
