#include "worker/plugin/device.hpp"

#include <ATen/Context.h>

#include <dlfcn.h>

#include <earshot/error.hpp>

namespace earshot::worker {

namespace {

c10::Device parse(const std::string& name) {
  try {
    const c10::Device device(name);
    if (device.is_cpu() || device.is_cuda()) return device;
  } catch (const c10::Error&) {
    // Falls through to the message that says what is allowed.
  }
  throw ConfigError("device '" + name + "'; allowed: cpu, cuda, cuda:0, cuda:1, ...");
}

}  // namespace

c10::Device open_device(const std::string& name) {
  const auto device = parse(name);
  if (device.is_cpu()) return device;
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const char* reason = ::dlerror();
    throw ConfigError("device '" + name + "': LibTorch's CUDA libraries are missing (" +
                      (reason == nullptr ? "" : reason) + "); allowed: cpu. Get them with " +
                      "./dev build --cuda");
  }
  const auto index = device.has_index() ? device.index() : c10::DeviceIndex(0);
  const auto count = at::globalContext().hasCUDA() ? static_cast<c10::DeviceIndex>(at::getNumGPUs())
                                                   : c10::DeviceIndex(0);
  if (count <= index)
    throw ConfigError("device '" + name + "': this machine has " + std::to_string(count) +
                      " working CUDA devices; allowed: cpu" + (count > 0 ? ", cuda:0 ..." : ""));
  return c10::Device(c10::DeviceType::CUDA, index);
}

}  // namespace earshot::worker
