#include <earshot/plugin.hpp>

#include "mellow.hpp"
#include "mlp.hpp"

EARSHOT_PLUGIN("projections", "1.0.0", "From frames of an encoder to embeddings of a model") {
  registrar.add<projections::LinearProjection>("linear", "One linear layer");
  registrar.add<projections::Mlp>("mlp", "Linear, GELU, linear");
  registrar.add<projections::PoolMlp>("pool_mlp",
                                      "Linear, GELU, linear on a few averaged or stacked frames");
  registrar.add<projections::Mellow>("mellow", "The residual projection of Mellow and CLAP");
}
