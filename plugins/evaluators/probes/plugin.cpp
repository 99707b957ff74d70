#include <earshot/plugin.hpp>

#include "knn.hpp"
#include "linear_probe.hpp"

EARSHOT_PLUGIN("probes", "1.1.0", "Simple classifiers and regressors on frozen features") {
  registrar.add<probes::LinearProbe>("linear_probe",
                                     "Logistic, SVM or ridge model on pooled features");
  registrar.add<probes::Knn>("knn", "Nearest neighbours among pooled features");
}
