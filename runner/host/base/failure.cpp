#include "host/base/failure.hpp"

namespace earshot::host {

Failure::Failure(ExitCode code, const std::string& message)
    : std::runtime_error(message), code_(code) {}
Failure::~Failure() = default;

}  // namespace earshot::host
