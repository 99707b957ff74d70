#pragma once
#include "protocol/verbs.hpp"
#include "worker/requests/session.hpp"

// One perform() for each verb of protocol/verbs.hpp: does what the request asks, sends events, and
// returns the result.

namespace earshot::worker {

protocol::PluginInfo perform(const protocol::InspectRequest& request, Session& session);
protocol::Facts perform(const protocol::ResolveRequest& request, Session& session);
protocol::DeviceResult perform(const protocol::DeviceRequest& request, Session& session);
protocol::CheckResult perform(const protocol::CheckRequest& request, Session& session);
protocol::DatasetResult perform(const protocol::DatasetRequest& request, Session& session);
protocol::ItemsResult perform(const protocol::ItemsRequest& request, Session& session);
protocol::LintResult perform(const protocol::LintRequest& request, Session& session);
protocol::ListenResult perform(const protocol::ListenRequest& request, Session& session);
protocol::AudioResult perform(const protocol::AudioRequest& request, Session& session);
protocol::PretrainResult perform(const protocol::PretrainRequest& request, Session& session);
protocol::FeaturesResult perform(const protocol::FeaturesRequest& request, Session& session);
protocol::CellResult perform(const protocol::CellRequest& request, Session& session);
protocol::PredictionsResult perform(const protocol::PredictionsRequest& request, Session& session);
protocol::CompleteResult perform(const protocol::CompleteRequest& request, Session& session);
protocol::AdapterResult perform(const protocol::AdapterRequest& request, Session& session);
protocol::ExportEncoderResult perform(const protocol::ExportEncoderRequest& request,
                                      Session& session);
protocol::EncodeResult perform(const protocol::EncodeRequest& request, Session& session);
protocol::CacheVerifyResult perform(const protocol::CacheVerifyRequest& request, Session& session);

}  // namespace earshot::worker
