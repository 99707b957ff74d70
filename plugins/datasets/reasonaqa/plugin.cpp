#include <earshot/plugin.hpp>

#include "reasonaqa.hpp"

EARSHOT_PLUGIN("reasonaqa", "1.0.0",
               "ReasonAQA: questions about the clips of AudioCaps and Clotho") {
  registrar.add<reasonaqa::ReasonAqa>(
      "reasonaqa",
      "Questions with answers about one or two clips, by category, format and content");
}
