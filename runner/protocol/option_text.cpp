#include "protocol/option_text.hpp"

namespace earshot::protocol {

Json typed(const OptionSchema& schema, Json values) {
  for (const auto& spec : schema) {
    const bool is_text = spec.type == OptionType::text || spec.type == OptionType::path ||
                         spec.type == OptionType::weights;
    const auto given = values.find(spec.name);
    if (is_text || given == values.end() || !given->is_string()) continue;
    auto value = Json::parse(given->get_ref<const std::string&>(), nullptr, false);
    if (!value.is_discarded()) *given = std::move(value);
  }
  return values;
}

}  // namespace earshot::protocol
