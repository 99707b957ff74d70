#pragma once
#include <functional>
#include <memory>
#include <string>

#include "host/view/http_listener.hpp"
#include "host/view/live_data.hpp"

namespace earshot::host {

/// Serves live_page(), its data, and what it asks to hear over HTTP to this machine only. Requests
/// that refusal_of() refuses get its reason as a text; nothing that a request says changes
/// anything. Each connection answers one request.
class ViewServer {
 public:
  using Sounds = std::function<PageAnswer(const SoundTarget&)>;

  /// Listens on 127.0.0.1, in threads of its own, until it is destroyed.
  /// @param state   what to show; called from several threads
  /// @param sounds  answers what the page asks to hear or see, likewise; null: 404
  /// @param port    0: any that is free
  /// @throws Failure (usage) if the port cannot be listened on, or without the page's D3
  ViewServer(std::function<LiveState()> state, int port, Sounds sounds = {});
  ~ViewServer();
  ViewServer(const ViewServer&) = delete;
  ViewServer& operator=(const ViewServer&) = delete;

  int port() const;
  std::string address() const;  ///< "http://127.0.0.1:41371/"

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace earshot::host
