#include <ATen/autocast_mode.h>

#include <lib/learn/autocast.hpp>

namespace earshot::kit {

Autocast::Autocast(c10::DeviceType device, bool on)
    : device_(device),
      was_on_(at::autocast::is_autocast_enabled(device)),
      was_type_(at::autocast::get_autocast_dtype(device)) {
  at::autocast::increment_nesting();
  at::autocast::set_autocast_enabled(device_, on);
  if (on) at::autocast::set_autocast_dtype(device_, at::kBFloat16);
}

// The cache holds weights that were converted, which the next step changes.
Autocast::~Autocast() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, was_on_);
  at::autocast::set_autocast_dtype(device_, was_type_);
}

}  // namespace earshot::kit
