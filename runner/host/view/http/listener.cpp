#include <cerrno>
#include <chrono>
#include <exception>
#include <thread>

#include <httplib.h>

#include "host/view/http_listener.hpp"

// The module that http_listener() loads.

namespace earshot::host {
namespace {

std::vector<std::string> all_of_header(const httplib::Request& request, const char* name) {
  std::vector<std::string> values;
  const auto [begin, end] = request.headers.equal_range(name);
  for (auto header = begin; header != end; ++header)
    values.push_back(header->second);
  return values;
}

class Listener final : public HttpListener {
 public:
  explicit Listener(const ListenerSettings& settings) : settings_(settings) { set_up(); }
  ~Listener() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  bool bind() {
    port_ = settings_.port == 0 ? server_.bind_to_any_port(settings_.host)
            : server_.bind_to_port(settings_.host, settings_.port) ? settings_.port
                                                                   : -1;
    return port_ > 0;
  }

  int port() const override { return port_; }

  void start() override {
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // Before it runs it cannot be stopped.
    while (!server_.is_running())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  void set_up();
  void answer(const httplib::Request& request, httplib::Response& response) const;

  ListenerSettings settings_;
  httplib::Server server_{};
  int port_ = -1;
  std::thread thread_{};
};

void Listener::answer(const httplib::Request& request, httplib::Response& response) const {
  const auto made = settings_.handler({.method = request.method,
                                       .target = request.target,
                                       .hosts = all_of_header(request, "Host"),
                                       .origins = all_of_header(request, "Origin"),
                                       .sites = all_of_header(request, "Sec-Fetch-Site")});
  response.status = made.status;
  for (const auto& [name, value] : made.headers)
    response.set_header(name, value);
  response.set_content_provider(
      made.body->size(), made.type,
      [body = made.body](std::size_t begin, std::size_t length, auto& sink) {
        sink.write(body->data() + begin, length);
        return true;
      });
}

void Listener::set_up() {
  httplib::Headers headers{{"Accept-Ranges", "none"}};
  headers.insert(settings_.headers.begin(), settings_.headers.end());
  server_.set_default_headers(headers);
  // Without SO_REUSEPORT, which the library sets: with it, several servers could have one port.
  server_.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  // So that no rest of a refused request is taken for the next one.
  server_.set_keep_alive_max_count(1);
  // How long a connection without a request delays the end.
  server_.set_keep_alive_timeout(1);
  server_.set_read_timeout(std::chrono::seconds(5));
  server_.set_write_timeout(std::chrono::seconds(5));
  // All requests are answered here: the library's own routes match paths by regular expressions.
  server_.set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        // Answers are whole, which HTTP permits: the library does not check where ranges end.
        const_cast<httplib::Request&>(request).ranges.clear();
        answer(request, response);
        return httplib::Server::HandlerResponse::Handled;
      });
  server_.set_exception_handler([](const httplib::Request&, httplib::Response& response,
                                   const std::exception_ptr&) { response.status = 500; });
}

}  // namespace

extern "C" __attribute__((visibility("default"))) HttpListener* earshot_http_listener(
    const ListenerSettings& settings, int& error) {
  auto listener = std::make_unique<Listener>(settings);
  errno = 0;
  if (listener->bind()) return listener.release();
  error = errno;
  return nullptr;
}

}  // namespace earshot::host
