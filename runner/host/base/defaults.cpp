#include "host/base/defaults.hpp"

namespace earshot::host {

Defaults& defaults() {
  static Defaults values;
  return values;
}

}  // namespace earshot::host
