#include <earshot/plugin.hpp>

#include "htsat.hpp"

EARSHOT_PLUGIN("htsat", "1.0.0", "HTSAT audio transformer") {
  registrar.add<htsat::Htsat>("htsat", "Features of HTSAT as CLAP and Mellow use it");
}
