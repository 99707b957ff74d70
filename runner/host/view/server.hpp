#pragma once
#include <functional>
#include <memory>
#include <string>

#include "host/view/live_data.hpp"

namespace earshot::host {

/// Serves live_page() and its data over HTTP to this machine only. Requests that refusal_of()
/// refuses get its reason as a text; nothing that a request says changes anything. Each connection
/// answers one request.
class ViewServer {
 public:
  /// Listens on 127.0.0.1, in threads of its own, until it is destroyed.
  /// @param state  what to show; called from several threads
  /// @param port   0: any that is free
  /// @throws Failure (usage) if the port cannot be listened on, or without the page's D3
  ViewServer(std::function<LiveState()> state, int port);
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
