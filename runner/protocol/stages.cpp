#include "protocol/stages.hpp"

namespace earshot::protocol {

EARSHOT_JSON_DEFINITIONS(PretrainRequest, PretrainResult, FeaturesRequest, LostClip, FeatureResult,
                         FeaturesResult, CellRequest, MetricRow, CellResult)

}  // namespace earshot::protocol
