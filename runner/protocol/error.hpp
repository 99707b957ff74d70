#pragma once
#include <stdexcept>

namespace earshot::protocol {

/// The other side does not speak the protocol.
struct ProtocolError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace earshot::protocol
