#include <earshot/plugin.hpp>

#include "llama.hpp"

EARSHOT_PLUGIN("llama", "1.0.0", "Language models of the Llama architecture") {
  registrar.add<llama::Llama>("llama", "SmolLM2, Llasa and others, for answering and training");
}
