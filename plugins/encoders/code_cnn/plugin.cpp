#include <earshot/plugin.hpp>

#include "code_cnn.hpp"

EARSHOT_PLUGIN("code_cnn", "1.0.0", "Convolutional network over codes or features") {
  registrar.add<code_cnn::CodeCnn>("code_cnn",
                                   "One vector per clip from the codes or features of an encoder");
}
