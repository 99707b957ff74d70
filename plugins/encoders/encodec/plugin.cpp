#include <earshot/plugin.hpp>

#include "encodec.hpp"

EARSHOT_PLUGIN("encodec", "1.0.0", "EnCodec neural codec") {
  registrar.add<encodec::Encodec>("encodec", "Features, codes and audio of EnCodec");
}
