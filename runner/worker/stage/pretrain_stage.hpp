#pragma once
#include <filesystem>

#include "protocol/questions.hpp"
#include "protocol/stages.hpp"
#include "worker/requests/session.hpp"

namespace earshot::worker {

/// Trains an encoder by the fit of an evaluator on a dataset, and writes its state to the file. If
/// the file exists and is intact, nothing is done. What a reader reads must be in the cache, and no
/// audio is opened for it. What save() keeps is next to the file until the stage is done; artifacts
/// of the evaluator are in artifacts/, and are sent even if nothing is done. Sets LibTorch's number
/// of threads. Fault points: partial-state-written, pretrained-state-written.
/// @throws ContractError if fit() trains no learner; DataError if there are no items to train on,
/// if something that a reader reads is missing in the cache, or when the runner asks to stop.
protocol::PretrainResult pretrain_stage(const protocol::PretrainRequest& request, Session& session);

/// Reads every state below <cache>/pretrained, and adds to what verify_cache() gave.
void verify_pretrained(const std::filesystem::path& cache, protocol::CacheVerifyResult& result);

}  // namespace earshot::worker
