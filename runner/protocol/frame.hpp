#pragma once
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/json.hpp"

namespace earshot::protocol {

/// A message between runner and worker: a JSON header and, for large data, raw bytes.
struct Message {
  Json header;
  std::string binary{};
};

/// A frame is u32 size of header and binary together, u32 size of the header, header, binary; both
/// sizes little-endian.
constexpr std::size_t max_frame_bytes = 16u << 20;

/// Maximum depth of nested lists and objects in a header; Earshot's own reach about ten.
constexpr int max_frame_depth = 100;

/// @throws ProtocolError if the message is too large for a frame.
std::string to_frame(const Message& message);

/// Assembles frames from bytes as they arrive.
class FrameReader {
 public:
  /// @throws ProtocolError if a frame is invalid or too large, or its header is nested too deeply
  /// or not JSON.
  void feed(std::string_view bytes);
  std::optional<Message> next();
  bool inside_frame() const { return !buffer_.empty(); }

 private:
  std::string buffer_;
  std::deque<Message> ready_;
};

/// A blocking connection over two file descriptors, which it does not own.
class Channel {
 public:
  Channel(int read_fd, int write_fd) : read_fd_(read_fd), write_fd_(write_fd) {}

  /// Blocks while the pipe is full. @throws std::system_error if the other side is gone.
  void send(const Message& message);

  /// The next message; nullopt if the other side has closed the connection between frames.
  /// @throws ProtocolError, std::system_error
  std::optional<Message> receive();

 private:
  int read_fd_, write_fd_;
  FrameReader reader_;
};

}  // namespace earshot::protocol
