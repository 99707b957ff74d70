#include "protocol/path_text.hpp"
#include "worker/audio/made_audio.hpp"
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
  const auto made = MadeAudio::check(cache);
  result["made"] = made.files;
  result["bytes"] = result.at("bytes").get<std::int64_t>() + made.bytes;
  for (const auto& file : made.damaged)
    result["bad"].push_back(protocol::path_text(file));
  return result;
}

}  // namespace earshot::worker
