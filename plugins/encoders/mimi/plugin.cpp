#include <earshot/plugin.hpp>

#include "mimi.hpp"

EARSHOT_PLUGIN("mimi", "1.0.0", "Mimi neural codec") {
  registrar.add<mimi::Mimi>("mimi", "Features, codes and audio of Mimi");
}
