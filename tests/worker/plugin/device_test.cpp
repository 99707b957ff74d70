#include "worker/plugin/device.hpp"

#include <gmock/gmock.h>

#include <earshot/error.hpp>

namespace earshot::worker {
namespace {

TEST(Device, opens_the_cpu) {
  EXPECT_TRUE(open_device("cpu").is_cpu());
}

TEST(Device, refuses_what_is_no_device) {
  for (const auto* name : {"", "gpu", "cuda:x", "mps"})
    EXPECT_THROW(open_device(name), ConfigError) << name;
}

TEST(Device, says_that_a_gpu_is_missing) {
  try {
    open_device("cuda:99");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith("device 'cuda:99': "));
  }
}

}  // namespace
}  // namespace earshot::worker
