#pragma once
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <lib/learn/communicator.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <earshot/error.hpp>

namespace earshot::test {

/// A socket that listens on a free port of the loopback interface, until it is closed.
class FreePort {
 public:
  FreePort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    auto* const named = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, named, size), 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
    EXPECT_EQ(::getsockname(fd_, named, &size), 0);
    number_ = ntohs(address.sin_port);
  }
  ~FreePort() { close(); }
  FreePort(const FreePort&) = delete;
  FreePort& operator=(const FreePort&) = delete;

  std::uint16_t number() const { return number_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
  std::uint16_t number_ = 0;
};

/// A test for which the build must have gloo.
class Together : public ::testing::Test {
 public:
  void SetUp() override {
    if (!possible()) GTEST_SKIP() << "this build has no gloo";
  }

  static bool possible() {
    try {
      kit::Communicator::check_available(2);
      return true;
    } catch (const ConfigError&) {
      return false;
    }
  }

  /// Calls `act` in `size` threads, each of which is to the others as a process of its own.
  static void run(std::int64_t size, const std::function<void(const kit::Communicator&)>& act) {
    FreePort port;
    port.close();
    std::vector<std::thread> threads;
    for (std::int64_t rank = 0; rank < size; ++rank)
      threads.emplace_back([&, rank] {
        try {
          act(kit::Communicator::join(
              {.address = "127.0.0.1", .port = port.number(), .rank = rank, .size = size}));
        } catch (const std::exception& error) {
          ADD_FAILURE() << "rank " << rank << ": " << error.what();
        }
      });
    for (auto& thread : threads)
      thread.join();
  }
};

}  // namespace earshot::test
