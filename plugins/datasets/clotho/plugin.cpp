#include <earshot/plugin.hpp>

#include "clotho.hpp"
#include "clotho_aqa.hpp"

EARSHOT_PLUGIN("clotho", "1.0.0", "Captions of Clotho clips, and questions about them") {
  registrar.add<clotho::Clotho>("clotho", "Five captions for each of 5929 clips of 15 to 30 s");
  registrar.add<clotho::ClothoAqa>(
      "clotho_aqa", "Six questions about each of 1991 clips, answered by three people");
}
