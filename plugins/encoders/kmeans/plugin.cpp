#include <earshot/plugin.hpp>

#include "kmeans.hpp"

EARSHOT_PLUGIN("kmeans", "1.0.0", "Clusters of features as discrete units") {
  registrar.add<kmeans::KMeans>("kmeans", "Mini-batch k-means over the features of an encoder");
}
