#pragma once
#include <string>

#include <earshot/error.hpp>

namespace earshot::worker {

/// Calls `function`; an Error that leaves it gets `<where()>: ` in front and keeps its kind.
template <class Where, class Function>
decltype(auto) in_context(Where&& where, Function&& function) {
  try {
    return function();
  } catch (const Error& error) {
    const std::string message = where() + ": " + error.what();
    switch (error.kind()) {
      case Error::Kind::config:
        throw ConfigError(message);
      case Error::Kind::data:
        throw DataError(message);
      case Error::Kind::contract:
        throw ContractError(message);
      case Error::Kind::unsupported:
        break;
    }
    throw Unsupported(message);
  }
}

}  // namespace earshot::worker
