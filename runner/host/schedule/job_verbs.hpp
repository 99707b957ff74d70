#pragma once
#include "protocol/verbs.hpp"

namespace earshot::host {

/// What jobs ask of workers, a verb for each Job::Kind.
using JobVerbs = protocol::List<protocol::verb::Items, protocol::verb::Pretrain,
                                protocol::verb::Features, protocol::verb::Cell>;
using JobRequest = protocol::RequestOf<JobVerbs>;
using JobResult = protocol::ResultOf<JobVerbs>;

}  // namespace earshot::host
