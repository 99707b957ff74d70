#include "protocol/path_text.hpp"
#include "worker/plugin/device.hpp"
#include "worker/plugin/facts.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

using protocol::Json;

Json inspect(const Json& request, Session&) {
  return open_library(protocol::path_of(request.at("path").get<std::string>())).info;
}

Json resolve(const Json& request, Session&) {
  const auto ref = request.at("component").get<protocol::ComponentRef>();
  return facts(make(ref, open_device(request.value("device", "cpu")), 0));
}

Json device(const Json& request, Session&) {
  return {{"device", open_device(request.at("device").get<std::string>()).str()}};
}

}  // namespace earshot::worker
