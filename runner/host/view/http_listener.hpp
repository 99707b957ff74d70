#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/view/request_rules.hpp"

namespace earshot::host {

using AnswerHeaders = std::vector<std::pair<std::string, std::string>>;

/// What a request is answered with. The body is neither copied nor compressed, which would take
/// longer than sending it to the same machine.
struct PageAnswer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  AnswerHeaders headers{};  ///< besides those of the listener
  std::shared_ptr<const std::string> body{};
};

/// A line for people: "runner view: the results are being read".
PageAnswer text_answer(int status, const std::string& text);

/// Answers requests over HTTP in threads of its own, from start() until it is destroyed. Each
/// connection gets one answer, a whole one whatever range it asks for; 500 if the handler throws.
class HttpListener {
 public:
  virtual ~HttpListener() = default;
  virtual int port() const = 0;
  virtual void start() = 0;
};

struct ListenerSettings {
  std::string host{};
  int port = 0;                                          ///< 0: any that is free
  AnswerHeaders headers{};                               ///< of every answer
  std::function<PageAnswer(const AskedFor&)> handler{};  ///< called from several threads
};

/// Listens, without answering yet.
///
/// cpp-httplib does the work, in a module that is loaded here: with the libraries behind it, which
/// are for TLS and compression, it would take more time than the rest of the start of every
/// command.
/// @throws Failure (usage) if the port cannot be listened on, or without the module
std::unique_ptr<HttpListener> http_listener(const ListenerSettings& settings);

/// What the module exports by this name. @returns null, and the error's number or 0 in `error`, if
/// the port cannot be listened on
using HttpListenerMaker = HttpListener*(const ListenerSettings& settings, int& error);
constexpr const char* http_listener_maker = "earshot_http_listener";

}  // namespace earshot::host
