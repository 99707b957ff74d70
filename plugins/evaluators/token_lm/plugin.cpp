#include <earshot/plugin.hpp>

#include "token_lm.hpp"

EARSHOT_PLUGIN("token_lm", "1.0.0", "How predictable an encoder's codes are") {
  registrar.add<token_lm::TokenLm>(
      "token_lm", "Bits per code under a small language model trained on the codes");
}
