#pragma once
#include "protocol/stages.hpp"
#include "worker/requests/session.hpp"

namespace earshot::worker {

/// Features or codes of all clips of a dataset for each source, in the cache: those of shards that
/// are there and undamaged are left alone. Clips are read and prepared by all threads, then encoded
/// in batches of at most 16 that lie inside a shard, in order: so an interrupted stage goes on with
/// the same bits. What a reader reads must be in the cache; it is batched in the same way, and no
/// audio is opened for it. Audio that the dataset makes is kept in the cache if the request asks
/// for it. Encoders are kept for the next request. Sets LibTorch's number of threads. Fault point:
/// feature-shard-written, after each.
/// @throws DataError when the disk is too small for what is missing, before anything is computed,
/// or when more clips are lost than the dataset allows (all that can be read are in the cache
/// then), or when the runner asks to stop; ContractError when features are not what the encoder
/// promises, naming the clip.
protocol::FeaturesResult features_stage(const protocol::FeaturesRequest& request, Session& session);

}  // namespace earshot::worker
