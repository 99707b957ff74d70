#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/fields.hpp"
#include "protocol/list.hpp"

namespace earshot::protocol {

/// Raised with every change of the messages, so that a runner clearly refuses a worker of another
/// build.
constexpr int version = 6;

/// The first message of a worker; it has no id.
struct Hello {
  static constexpr const char* type = "hello";
  int protocol = version;
  std::string abi_tag{}, torch{};
  std::int64_t pid = 0;
};
EARSHOT_FIELDS_OR_DEFAULTS(Hello, protocol, abi_tag, torch, pid)

/// The last message about a request that succeeded.
struct Done {
  static constexpr const char* type = "done";
  Json result = Json::object();            ///< the Result of the verb
  std::optional<std::string> leftovers{};  ///< what still runs in the worker, which is then ended
  std::optional<std::vector<std::string>> warnings{};  ///< what a plugin changed and was put back
};
EARSHOT_FIELDS(Done, result, leftovers, warnings)

/// The last message about a request that failed.
struct Failed {
  static constexpr const char* type = "failed";
  std::string kind{};  ///< "config", "data", "contract", "unsupported" or "bug"
  std::string message{};
  std::optional<std::string> leftovers{};              ///< as in Done
  std::optional<std::vector<std::string>> warnings{};  ///< likewise
};
EARSHOT_FIELDS(Failed, kind, message, leftovers, warnings)

using Answers = List<Done, Failed>;

}  // namespace earshot::protocol
