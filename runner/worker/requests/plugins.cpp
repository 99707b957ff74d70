#include "protocol/path_text.hpp"
#include "worker/plugin/connect.hpp"
#include "worker/plugin/device.hpp"
#include "worker/plugin/facts.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

protocol::PluginInfo perform(const protocol::InspectRequest& request, Session&) {
  return open_library(protocol::path_of(request.path)).info;
}

protocol::Facts perform(const protocol::ResolveRequest& request, Session&) {
  auto made = make(request.component, open_device(request.device.value_or("cpu")), 0);
  connect(made, request.component, 0);
  return facts(made);
}

protocol::DeviceResult perform(const protocol::DeviceRequest& request, Session&) {
  return {open_device(request.device).str()};
}

}  // namespace earshot::worker
