#include <earshot/plugin.hpp>

#include "reasonaqa.hpp"

EARSHOT_PLUGIN("reasonaqa", "1.0.0", "ReasonAQA: questions on the clips of AudioCaps and Clotho") {
  registrar.add<reasonaqa::ReasonAqa>(
      "reasonaqa", "Questions with answers on one clip or two, by category, format and content");
}
