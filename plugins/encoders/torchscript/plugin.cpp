#include <earshot/plugin.hpp>

#include "torchscript.hpp"

EARSHOT_PLUGIN("torchscript", "1.0.0", "Any traced or scripted model") {
  registrar.add<torchscript::TorchScript>("torchscript",
                                          "Features from a model file written by torch.jit");
}
