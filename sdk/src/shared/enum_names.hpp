#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

// Names of the SDK's enumerators in files, options and messages, each list in the order of its
// enum.

namespace earshot::shared {

inline constexpr std::array split_names{"train", "validation", "test"};  ///< Split
inline constexpr std::array crop_names{"first", "centre", "seeded"};     ///< Crop
inline constexpr std::array pad_names{"none", "zero", "repeat"};         ///< Pad
inline constexpr std::array slice_role_names{"answer_origin"};           ///< SliceRole

/// The name of an enumerator of one of these lists.
template <class Enum, class Names>
constexpr const char* name_of(Enum value, const Names& names) {
  return names.at(static_cast<std::size_t>(value));
}

/// The index of a name in one of these lists, which is the number of its enumerator.
template <class Names>
constexpr std::optional<std::size_t> index_of(std::string_view name, const Names& names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (name == names[i]) return i;
  return std::nullopt;
}

}  // namespace earshot::shared
