#include <earshot/plugin.hpp>

#include "torchscript.hpp"

EARSHOT_PLUGIN("torchscript", "1.0.0", "Any traced or scripted model") {
  registrar.add<torchscript::TorchScript>("torchscript",
                                          "Features of a model file that torch.jit wrote");
}
