#pragma once
#include <type_traits>
#include <variant>

#include <earshot/options.hpp>

#include "shared/option_rules.hpp"

namespace earshot::shared {

template <OptionType type, class T>
constexpr bool holds =
    std::is_same_v<std::variant_alternative_t<static_cast<std::size_t>(type), OptionValue>, T>;

static_assert(std::variant_size_v<OptionValue> == option_types.size() &&
                  holds<OptionType::flag, bool> && holds<OptionType::integer, std::int64_t> &&
                  holds<OptionType::number, double> && holds<OptionType::text, std::string> &&
                  holds<OptionType::path, Path> && holds<OptionType::weights, Weights> &&
                  holds<OptionType::numbers, std::vector<double>> &&
                  holds<OptionType::texts, std::vector<std::string>>,
              "OptionValue has an alternative for each OptionType, in the same order");

inline OptionType type_of(const OptionValue& value) {
  return static_cast<OptionType>(value.index());
}

}  // namespace earshot::shared
