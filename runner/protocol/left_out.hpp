#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/json.hpp"

namespace earshot::protocol {

/// What lies in a dataset's folders, looks like audio, and is in no item. Field `left_out` of what
/// the verb `dataset` answers, beside DatasetInfo's.
struct LeftOut {
  std::int64_t found = 0;
  std::vector<std::string> examples{};  ///< "<path>: <reason>"
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LeftOut, found, examples)

}  // namespace earshot::protocol
