#pragma once
#include <string>

#include <c10/core/Device.h>

namespace earshot::worker {

/// "cpu", "cuda" or "cuda:N". For the latter two the CUDA libraries of LibTorch are opened here,
/// the first time that they are asked for; a runner that never is needs none.
/// @throws ConfigError if there is no such device on this machine.
c10::Device open_device(const std::string& name);

}  // namespace earshot::worker
