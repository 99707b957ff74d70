#pragma once
#include <string>

#include "host/schedule/provenance.hpp"

namespace earshot::host {

/// What makes a page: "Earshot 0.1.0 (4f2a...)", with the commit if the build knows it.
inline std::string generator() {
  return std::string("Earshot ") + EARSHOT_VERSION +
         (build_commit.empty() ? "" : " (" + std::string(build_commit.substr(0, 12)) + ")");
}

}  // namespace earshot::host
