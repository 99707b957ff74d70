#include "host/view/server.hpp"

#include <utility>

#include "host/report/page.hpp"
#include "host/view/request_rules.hpp"
#include "protocol/json.hpp"

namespace earshot::host {
namespace {

constexpr const char* loopback = "127.0.0.1";
constexpr const char* json_type = "application/json";

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

struct ViewServer::Parts {
  std::function<LiveState()> state{};
  Sounds sounds{};
  std::shared_ptr<const std::string> page{};
  std::unique_ptr<HttpListener> listener{};

  PageAnswer answer(const AskedFor& asked) const;
};

PageAnswer ViewServer::Parts::answer(const AskedFor& asked) const {
  if (const auto refused = refusal_of(asked, listener->port())) {
    auto refusal = text_answer(refused->status, refused->reason);
    if (refused->status == 405) refusal.headers = {{"Allow", "GET, HEAD"}};
    return refusal;
  }
  if (asked.target == page_target) return {.type = "text/html; charset=utf-8", .body = page};
  if (const auto sound = sound_target(asked.target))
    return sounds ? sounds(*sound) : text_answer(404, "there are no sounds");
  const auto now = state();
  if (asked.target == state_target)
    return {.type = json_type,
            .body = shared(protocol::json_text(
                {{"revision", now.revision}, {"problem", now.problem}, {"reading", now.reading}}))};
  if (!now.data) {
    auto later = text_answer(503, "the results are being read");
    later.headers = {{"Retry-After", "1"}};
    return later;
  }
  return {.type = json_type, .headers = {{"ETag", "\"" + now.revision + "\""}}, .body = now.data};
}

ViewServer::ViewServer(std::function<LiveState()> state, int port, Sounds sounds)
    : parts_(std::make_unique<Parts>()) {
  auto& parts = *parts_;
  parts.state = std::move(state);
  parts.sounds = std::move(sounds);
  parts.page = shared(live_page());
  parts.listener =
      http_listener({.host = loopback,
                     .port = port,
                     .headers = {{"Content-Security-Policy", content_policy(*parts.page)},
                                 {"X-Content-Type-Options", "nosniff"},
                                 {"Cross-Origin-Resource-Policy", "same-origin"},
                                 {"Cross-Origin-Opener-Policy", "same-origin"},
                                 {"Referrer-Policy", "no-referrer"},
                                 {"Cache-Control", "no-store"}},
                     .handler = [&parts](const AskedFor& asked) { return parts.answer(asked); }});
  parts.listener->start();
}

ViewServer::~ViewServer() = default;

int ViewServer::port() const {
  return parts_->listener->port();
}

std::string ViewServer::address() const {
  return std::string("http://") + loopback + ":" + std::to_string(port()) + "/";
}

}  // namespace earshot::host
