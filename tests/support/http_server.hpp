#pragma once
#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace earshot::testing {

/// A small HTTP/1.1 server on loopback that answers requests one after another, each on its own
/// connection, and misbehaves on demand.
class HttpServer {
 public:
  struct Request {
    std::string method{}, target{};
    std::map<std::string, std::string> headers{};  ///< names in lower case
    bool has(const std::string& name) const { return headers.count(name) > 0; }
  };
  struct Answer {
    int status = 200;
    std::map<std::string, std::string> headers{};
    std::string body{};
    std::int64_t length = -1;  ///< claimed by Content-Length; -1: the true length
    std::int64_t cut = -1;     ///< bytes of the body after which the connection closes; -1: none
    double silence = 0;        ///< seconds before it answers
    bool hold = false;         ///< keeps the connection open until the other side closes it
  };
  using Handler = std::function<Answer(const Request&)>;

  explicit HttpServer(Handler handler) : handler_(std::move(handler)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(socket_, 64) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no server on loopback");
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpServer() {
    ended_ = true;
    thread_.join();
    ::close(socket_);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  const std::string& url() const { return url_; }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  static bool readable(int descriptor, int milliseconds) {
    pollfd wanted{descriptor, POLLIN, 0};
    return ::poll(&wanted, 1, milliseconds) == 1;
  }

  void serve() {
    while (!ended_) {
      if (!readable(socket_, 20)) continue;
      const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      answer(connection);
      ::close(connection);
    }
  }

  /// Reads up to the empty line; requests have no body here.
  static std::string head(int connection) {
    std::string text;
    char piece[4096];
    while (text.find("\r\n\r\n") == std::string::npos && readable(connection, 5000)) {
      const auto bytes = ::recv(connection, piece, sizeof piece, 0);
      if (bytes <= 0) break;
      text.append(piece, static_cast<std::size_t>(bytes));
    }
    return text;
  }

  static Request parsed(const std::string& head) {
    Request request;
    const auto first = head.find(' '), second = head.find(' ', first + 1);
    request.method = head.substr(0, first);
    request.target = head.substr(first + 1, second - first - 1);
    auto line = head.find("\r\n");
    while (line != std::string::npos) {
      const auto end = head.find("\r\n", line + 2);
      const auto text = head.substr(line + 2, end == std::string::npos ? end : end - line - 2);
      const auto colon = text.find(": ");
      if (colon == std::string::npos) break;
      auto name = text.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      request.headers[name] = text.substr(colon + 2);
      line = end;
    }
    return request;
  }

  void answer(int connection) {
    const auto text = head(connection);
    if (text.find("\r\n\r\n") == std::string::npos) return;
    const auto request = parsed(text);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    auto answer = handler_(request);
    for (double waited = 0; waited < answer.silence && !ended_; waited += 0.02)
      readable(connection, 20);
    const auto length =
        answer.length >= 0 ? answer.length : static_cast<std::int64_t>(answer.body.size());
    std::string out =
        "HTTP/1.1 " + std::to_string(answer.status) + " Said\r\nConnection: close\r\n";
    if (answer.headers.count("Transfer-Encoding") == 0)
      answer.headers.emplace("Content-Length", std::to_string(length));
    for (const auto& [name, value] : answer.headers)
      out += name + ": " + value + "\r\n";
    out += "\r\n";
    if (request.method != "HEAD")
      out += answer.cut < 0 ? answer.body
                            : answer.body.substr(0, static_cast<std::size_t>(answer.cut));
    for (std::size_t sent = 0; sent < out.size();) {
      const auto bytes = ::send(connection, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (bytes <= 0) return;
      sent += static_cast<std::size_t>(bytes);
    }
    char rest = 0;
    while (answer.hold && !ended_)
      if (readable(connection, 20) && ::recv(connection, &rest, 1, 0) <= 0) break;
    ::shutdown(connection, SHUT_WR);
  }

  Handler handler_;
  int socket_ = -1;
  std::string url_{};
  std::atomic<bool> ended_{false};
  mutable std::mutex mutex_;
  std::vector<Request> requests_{};
  std::thread thread_{};
};

}  // namespace earshot::testing
