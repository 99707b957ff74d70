#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace earshot::kit {

/// Where the processes of a training meet, and which of them this is, in the terms of PyTorch's
/// launchers.
struct Rendezvous {
  std::string address{};   ///< MASTER_ADDR: a name or number of the machine of rank 0
  std::uint16_t port = 0;  ///< MASTER_PORT, TCP
  std::int64_t rank = 0;   ///< RANK, from 0
  std::int64_t size = 1;   ///< WORLD_SIZE, the number of processes
  /// TORCHELASTIC_USE_AGENT_STORE is "True": who started the processes has opened the port.
  /// Otherwise rank 0 opens it.
  bool is_kept = false;

  bool is_loopback() const;  ///< all processes are on this machine
};

/// What the environment says to one of `processes` processes of a training.
/// @param variable  the value of an environment variable; null if it is not set
/// @throws ConfigError if a variable is missing or is no such number, or if the environment is of
/// another number of processes.
Rendezvous rendezvous_for(std::int64_t processes,
                          const std::function<const char*(const char* name)>& variable);

}  // namespace earshot::kit
