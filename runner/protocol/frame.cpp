#include "protocol/frame.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <unistd.h>

#include "protocol/nonfinite.hpp"

namespace earshot::protocol {

namespace {

void put_u32(std::string& to, std::size_t value) {
  for (int shift = 0; shift < 32; shift += 8)
    to += static_cast<char>(value >> shift & 255);
}

std::size_t get_u32(std::string_view from) {
  std::size_t value = 0;
  for (int i = 3; i >= 0; --i)
    value = value << 8 | static_cast<unsigned char>(from[static_cast<std::size_t>(i)]);
  return value;
}

/// Whether lists and objects are nested deeper than allowed. Checked before parsing, because
/// copying the parsed value recurses.
bool too_deep(std::string_view json) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_frame_depth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

std::string size_error(std::size_t bytes) {
  return "a frame of " + std::to_string(bytes) +
         " bytes; allowed: " + std::to_string(max_frame_bytes);
}

}  // namespace

std::string to_frame(const Message& message) {
  const auto header = to_text(message.header);
  const auto bytes = header.size() + message.binary.size();
  if (bytes > max_frame_bytes) throw ProtocolError(size_error(bytes));
  std::string frame;
  frame.reserve(8 + bytes);
  put_u32(frame, bytes);
  put_u32(frame, header.size());
  return frame.append(header).append(message.binary);
}

void FrameReader::feed(std::string_view bytes) {
  buffer_.append(bytes);
  std::size_t at = 0;
  while (buffer_.size() - at >= 8) {
    const auto rest = std::string_view(buffer_).substr(at);
    const auto size = get_u32(rest), header_size = get_u32(rest.substr(4));
    if (size > max_frame_bytes) throw ProtocolError(size_error(size));
    if (header_size > size) throw ProtocolError("a header longer than its frame");
    if (rest.size() - 8 < size) break;
    if (too_deep(rest.substr(8, header_size)))
      throw ProtocolError("a header nested deeper than " + std::to_string(max_frame_depth));
    auto header = from_text(rest.substr(8, header_size));
    if (!header.is_object()) throw ProtocolError("a header that is not a JSON object");
    ready_.push_back(
        {std::move(header), std::string(rest.substr(8 + header_size, size - header_size))});
    at += 8 + size;
  }
  buffer_.erase(0, at);
}

std::optional<Message> FrameReader::next() {
  if (ready_.empty()) return std::nullopt;
  auto message = std::move(ready_.front());
  ready_.pop_front();
  return message;
}

void Channel::send(const Message& message) {
  const auto frame = to_frame(message);
  for (std::size_t sent = 0; sent < frame.size();) {
    const auto n = ::write(write_fd_, frame.data() + sent, frame.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw std::system_error(errno, std::generic_category(), "write to the pipe");
    sent += static_cast<std::size_t>(n);
  }
}

std::optional<Message> Channel::receive() {
  std::array<char, 1 << 16> piece{};
  while (true) {
    if (auto message = reader_.next()) return message;
    const auto n = ::read(read_fd_, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw std::system_error(errno, std::generic_category(), "read from the pipe");
    if (n == 0) {
      if (reader_.inside_frame()) throw ProtocolError("the connection ended inside a frame");
      return std::nullopt;
    }
    reader_.feed({piece.data(), static_cast<std::size_t>(n)});
  }
}

}  // namespace earshot::protocol
