#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace earshot::testing {

/// A connection to a port of this machine, over which any bytes can be sent.
class HttpConnection {
 public:
  explicit HttpConnection(int port, const char* host = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, host, &address.sin_addr);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~HttpConnection() { ::close(socket_); }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  bool connected() const { return connected_; }

  /// Sends these bytes. @returns all that comes back until the other side closes the connection, or
  /// is silent for 10 s
  std::string exchange(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    std::string all;
    char piece[65536];
    for (;;) {
      pollfd wanted{socket_, POLLIN, 0};
      if (::poll(&wanted, 1, 10'000) != 1) return all;
      const auto bytes_read = ::recv(socket_, piece, sizeof piece, 0);
      if (bytes_read <= 0) return all;
      all.append(piece, static_cast<std::size_t>(bytes_read));
    }
  }

 private:
  int socket_;
  bool connected_ = false;
};

/// An answer, taken apart.
struct HttpAnswer {
  int status = 0;  ///< 0: none
  std::string head{}, body{};
};

/// Sends a whole request as it is.
inline HttpAnswer http_raw(int port, std::string_view request) {
  const auto text = HttpConnection(port).exchange(request);
  HttpAnswer answer;
  if (text.starts_with("HTTP/1.1 ")) answer.status = std::stoi(text.substr(9, 3));
  const auto end = text.find("\r\n\r\n");
  answer.head = text.substr(0, end);
  if (end != std::string::npos) answer.body = text.substr(end + 4);
  return answer;
}

/// Asks for a target as a browser would. @param headers  more of them, each with its "\r\n"
inline HttpAnswer http_get(int port, const std::string& target, const std::string& headers = "",
                           const std::string& method = "GET") {
  return http_raw(port, method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" +
                            std::to_string(port) + "\r\n" + headers + "\r\n");
}

}  // namespace earshot::testing
