#pragma once
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "worker/plugin/library.hpp"

namespace earshot::bench {

/// Makes a component with the given options, as JSON, and defaults for the others.
inline std::shared_ptr<void> make(const Component& component, const std::string& options) {
  protocol::Json values;
  for (const auto& option : worker::describe(component).options)
    values[option.name] = option.value;
  const auto given = protocol::Json::parse(options);
  for (const auto& [name, value] : given.items())
    values[name] = name == "weights"
                       ? protocol::Json{{"source", value}, {"path", value == "random" ? "" : value}}
                       : value;
  return component.make(worker::to_options(component.options, values), {.device = at::kCPU});
}

}  // namespace earshot::bench
