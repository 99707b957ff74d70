#pragma once
#include <cstdint>
#include <string>

#include "host/store/store.hpp"

namespace earshot::host {

/// What a user means by `CELL | RUN`.
struct Wanted {
  std::int64_t cell = 0;
  std::int64_t run = 0;  ///< 0: any run of the cell
};

/// A number of up to seven digits is a run; else the text is how the key of a cell begins that has
/// a run. @param command that asks, for messages
/// @throws Failure (usage): there is none, or several cells begin so
Wanted find_wanted(const Store& store, const std::string& command, const std::string& text);

}  // namespace earshot::host
