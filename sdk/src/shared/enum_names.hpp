#pragma once
#include <array>

// Names of the SDK's enumerators in files, options and messages, each list in the order of its
// enum.

namespace earshot::shared {

inline constexpr std::array split_names{"train", "validation", "test"};  ///< Split
inline constexpr std::array crop_names{"first", "centre", "seeded"};     ///< Crop
inline constexpr std::array pad_names{"none", "zero", "repeat"};         ///< Pad

/// The name of an enumerator of one of these lists.
template <class Enum, class Names>
constexpr const char* name_of(Enum value, const Names& names) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace earshot::shared
