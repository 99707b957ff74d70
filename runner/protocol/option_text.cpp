#include "protocol/option_text.hpp"

namespace earshot::protocol {

Json typed(const OptionSchema& schema, Json values) {
  for (const auto& spec : schema) {
    const auto& type = shared::facts_of(spec.type);
    const bool is_text = type.element == shared::ElementType::text && !type.list;
    const auto given = values.find(spec.name);
    if (is_text || given == values.end() || !given->is_string()) continue;
    auto value = Json::parse(given->get_ref<const std::string&>(), nullptr, false);
    if (!value.is_discarded()) *given = std::move(value);
  }
  return values;
}

}  // namespace earshot::protocol
