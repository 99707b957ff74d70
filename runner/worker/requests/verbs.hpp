#pragma once
#include "protocol/json.hpp"
#include "worker/requests/session.hpp"

// One function for each verb of the protocol (protocol/verbs.hpp): takes the request's fields,
// sends events, returns the result.

namespace earshot::worker {

protocol::Json inspect(const protocol::Json& request, Session& session);
protocol::Json resolve(const protocol::Json& request, Session& session);
protocol::Json device(const protocol::Json& request, Session& session);
protocol::Json dataset(const protocol::Json& request, Session& session);
protocol::Json items(const protocol::Json& request, Session& session);
protocol::Json pretrain(const protocol::Json& request, Session& session);
protocol::Json features(const protocol::Json& request, Session& session);
protocol::Json cell(const protocol::Json& request, Session& session);
protocol::Json predictions(const protocol::Json& request, Session& session);
protocol::Json adapter(const protocol::Json& request, Session& session);
protocol::Json complete(const protocol::Json& request, Session& session);
protocol::Json encode(const protocol::Json& request, Session& session);
protocol::Json lint(const protocol::Json& request, Session& session);
protocol::Json listen(const protocol::Json& request, Session& session);
protocol::Json check(const protocol::Json& request, Session& session);
protocol::Json cache_verify(const protocol::Json& request, Session& session);

}  // namespace earshot::worker
