#pragma once
#include "shared/nearest.hpp"

namespace earshot::protocol {

using shared::did_you_mean;
using shared::join;
using shared::nearest;

}  // namespace earshot::protocol
