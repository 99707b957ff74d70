#include "protocol/path_text.hpp"
#include "worker/audio/made_audio.hpp"
#include "worker/cache/verify.hpp"
#include "worker/requests/verbs.hpp"
#include "worker/stage/cell_stage.hpp"
#include "worker/stage/features_stage.hpp"
#include "worker/stage/pretrain_stage.hpp"

namespace earshot::worker {

protocol::PretrainResult perform(const protocol::PretrainRequest& request, Session& session) {
  return pretrain_stage(request, session);
}

protocol::FeaturesResult perform(const protocol::FeaturesRequest& request, Session& session) {
  return features_stage(request, session);
}

protocol::CellResult perform(const protocol::CellRequest& request, Session& session) {
  return cell_stage(request, session);
}

protocol::CacheVerifyResult perform(const protocol::CacheVerifyRequest& request, Session&) {
  const auto cache = protocol::path_of(request.cache);
  auto result = verify_cache(cache);
  verify_pretrained(cache, result);
  const auto made = MadeAudio::check(cache);
  result.made = made.files;
  result.bytes += made.bytes;
  for (const auto& file : made.damaged)
    result.bad.push_back(protocol::path_text(file));
  return result;
}

}  // namespace earshot::worker
