#include "protocol/components.hpp"

namespace earshot::protocol {

EARSHOT_JSON_DEFINITIONS(ComponentInfo, PluginInfo, InspectRequest, InputRef, FeatureSpec, CodeSpec,
                         SourceSpec, ComponentRef, FeatureSource, ResolveRequest, Metric, Uses,
                         EvaluatorFacts, AudioNeeds, EncoderFacts, ReaderFacts, LanguageModelSpec,
                         LanguageModelFacts, NoFacts, DeviceRequest, DeviceResult, CheckRequest,
                         CheckInfo, CheckList, CheckOutcome)

std::string ComponentRef::option_with(const std::string& role) const {
  const auto found = roles.find(role);
  return found == roles.end() ? "" : found->second;
}

const Json& ComponentRef::value_of(const std::string& role) const {
  static const Json null;
  const auto found = options.find(option_with(role));
  return found == options.end() ? null : *found;
}

}  // namespace earshot::protocol
