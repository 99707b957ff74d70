#include <earshot/plugin.hpp>

#include "sensitivity.hpp"

EARSHOT_PLUGIN("sensitivity", "1.0.0",
               "How far codes and features move between the two clips of an item") {
  registrar.add<sensitivity::Sensitivity>(
      "sensitivity", "Share of codes that differ, or distance of features, between paired clips");
}
