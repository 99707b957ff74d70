#include <charconv>
#include <cstring>

#include <lib/learn/rendezvous.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

bool Rendezvous::is_loopback() const {
  return address == "127.0.0.1" || address == "::1" || address == "localhost";
}

Rendezvous rendezvous_for(std::int64_t processes,
                          const std::function<const char*(const char* name)>& variable) {
  const auto text_of = [&](const char* name) {
    if (const char* value = variable(name)) return std::string(value);
    throw ConfigError("processes is " + std::to_string(processes) +
                      ", and the environment variable " + name +
                      " is not set; expected MASTER_ADDR, MASTER_PORT, RANK and WORLD_SIZE, as "
                      "the launchers of PyTorch (torchrun) set them");
  };
  const auto number_of = [&](const char* name, std::int64_t least, std::int64_t most) {
    const auto text = text_of(name);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
      throw ConfigError(std::string("environment variable ") + name + " is '" + text +
                        "'; expected an integer from " + std::to_string(least) + " to " +
                        std::to_string(most));
    return value;
  };
  constexpr std::int64_t most_processes = 1 << 20;
  Rendezvous found;
  found.size = number_of("WORLD_SIZE", 1, most_processes);
  if (found.size != processes)
    throw ConfigError("processes is " + std::to_string(processes) +
                      ", and WORLD_SIZE of the environment is " + std::to_string(found.size) +
                      "; expected the same number: set processes to that of the processes that "
                      "were started");
  found.rank = number_of("RANK", 0, found.size - 1);
  found.address = text_of("MASTER_ADDR");
  found.port = static_cast<std::uint16_t>(number_of("MASTER_PORT", 1, 65535));
  const char* kept = variable("TORCHELASTIC_USE_AGENT_STORE");
  found.is_kept = kept != nullptr && std::strcmp(kept, "True") == 0;
  return found;
}

}  // namespace earshot::kit
