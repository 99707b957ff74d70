#include "protocol/path_text.hpp"
#include "worker/cache/verify.hpp"
#include "worker/requests/verbs.hpp"
#include "worker/stage/cell_stage.hpp"
#include "worker/stage/features_stage.hpp"
#include "worker/stage/pretrain_stage.hpp"

namespace earshot::worker {

using protocol::Json;

Json pretrain(const Json& request, Session& session) {
  return pretrain_stage(request.get<protocol::PretrainRequest>(), session);
}

Json features(const Json& request, Session& session) {
  return features_stage(request.get<protocol::FeaturesRequest>(), session);
}

Json cell(const Json& request, Session& session) {
  return cell_stage(request.get<protocol::CellRequest>(), session);
}

Json cache_verify(const Json& request, Session&) {
  const auto cache = protocol::path_of(request.at("cache").get<std::string>());
  auto result = verify_cache(cache);
  verify_pretrained(cache, result);
  return result;
}

}  // namespace earshot::worker
