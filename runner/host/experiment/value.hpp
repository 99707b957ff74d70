#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/experiment.hpp"

namespace earshot::host {

/// A value of a TOML file with its position. Entries of tables keep the order of the file, which
/// determines the order of cells.
struct Value {
  enum class Kind { scalar, list, table };
  Kind kind = Kind::scalar;
  Json scalar{};                  ///< text, integer, number or flag
  std::vector<Value> children{};  ///< elements of a list, or entries of a table
  std::string key{};              ///< of this entry, if it is one of a table
  Position position{}, key_position{};

  bool is_table() const { return kind == Kind::table; }
  bool is_list() const { return kind == Kind::list; }
  const Value* find(std::string_view name) const;  ///< entry of a table, or null
  Value* find(std::string_view name);
};

/// @throws Failure (usage) with line and column for text that is not TOML or nested too deeply, a
/// date, or a number that is not finite.
Value parse_toml(std::string_view text, const std::string& file);

/// Merges `over` into `under`: tables are merged, everything else is replaced. A table whose keys
/// are numbers is merged into the elements of a list.
void merge(Value& under, Value over);

Json to_json(const Value& value);
/// The inverse; everything has this `position`, and the entries of a table are in the order of
/// their names.
Value from_json(const Json& json, const Position& position);

/// "'ten' (a string)", "3 (an integer)", "a table".
std::string shown(const Value& value);

/// @throws Failure (usage) "<position>: <problem>"
[[noreturn]] void refuse(const Position& position, const std::string& problem);

/// Replaces ${NAME} and ${NAME:-default} by environment variables.
/// @throws Failure (usage) if a variable without default is not set.
std::string with_environment(const std::string& text, const Position& position);

}  // namespace earshot::host
