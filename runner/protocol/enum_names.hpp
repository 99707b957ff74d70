#pragma once
#include "shared/enum_names.hpp"

namespace earshot::protocol {

using shared::crop_names;
using shared::index_of;
using shared::pad_names;

}  // namespace earshot::protocol
