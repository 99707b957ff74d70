#pragma once
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>

#include "protocol/answers.hpp"
#include "protocol/components.hpp"
#include "protocol/datasets.hpp"
#include "protocol/events.hpp"
#include "protocol/list.hpp"
#include "protocol/questions.hpp"
#include "protocol/stages.hpp"
#include "protocol/typed_message.hpp"

// All requests that a runner can send to a worker. A request is {"type": <name of the verb>, "id":
// N,
// ...fields of its Request}. The answer is any number of its Events with that id, then Done with
// its Result, or Failed. A worker handles one request at a time, is asked by SIGTERM to stop early
// (Trial::stop() is true from then on), and ends when its input closes. README.md in this folder
// describes every verb and event.

namespace earshot::protocol {

namespace verb {

/// Needs a worker of its own: a plugin may crash while it loads.
struct Inspect {
  static constexpr const char* name = "inspect";
  using Request = InspectRequest;
  using Result = PluginInfo;
  using Events = List<>;
};

struct Resolve {
  static constexpr const char* name = "resolve";
  using Request = ResolveRequest;
  using Result = Facts;
  using Events = List<>;
};

struct Device {
  static constexpr const char* name = "device";
  using Request = DeviceRequest;
  using Result = DeviceResult;
  using Events = List<>;
};

struct Check {
  static constexpr const char* name = "check";
  using Request = CheckRequest;
  using Result = CheckResult;
  using Events = List<>;
};

struct Dataset {
  static constexpr const char* name = "dataset";
  using Request = DatasetRequest;
  using Result = DatasetResult;
  using Events = List<event::Files>;
};

struct Items {
  static constexpr const char* name = "items";
  using Request = ItemsRequest;
  using Result = ItemsResult;
  using Events = List<event::Items>;
};

struct Lint {
  static constexpr const char* name = "lint";
  using Request = LintRequest;
  using Result = LintResult;
  using Events = List<event::Progress, event::LintFiles>;
};

struct Listen {
  static constexpr const char* name = "listen";
  using Request = ListenRequest;
  using Result = ListenResult;
  using Events = List<event::Progress>;
};

struct Audio {
  static constexpr const char* name = "audio";
  using Request = AudioRequest;
  using Result = AudioResult;
  using Events = List<event::Progress>;
};

struct Pretrain {
  static constexpr const char* name = "pretrain";
  using Request = PretrainRequest;
  using Result = PretrainResult;
  using Events = List<event::Progress, event::Stage, event::Curve, event::Artifact>;
};

struct Features {
  static constexpr const char* name = "features";
  using Request = FeaturesRequest;
  using Result = FeaturesResult;
  using Events = List<event::Progress, event::Spent>;
};

struct Cell {
  static constexpr const char* name = "cell";
  using Request = CellRequest;
  using Result = CellResult;
  using Events = List<event::Progress, event::Stage, event::Curve, event::Artifact, event::Warning,
                      event::Predictions, event::Metric>;
};

struct Predictions {
  static constexpr const char* name = "predictions";
  using Request = PredictionsRequest;
  using Result = PredictionsResult;
  using Events = List<>;
};

struct Complete {
  static constexpr const char* name = "complete";
  using Request = CompleteRequest;
  using Result = CompleteResult;
  using Events = List<>;
};

struct Adapter {
  static constexpr const char* name = "adapter";
  using Request = AdapterRequest;
  using Result = AdapterResult;
  using Events = List<>;
};

struct ExportEncoder {
  static constexpr const char* name = "export_encoder";
  using Request = ExportEncoderRequest;
  using Result = ExportEncoderResult;
  using Events = List<>;
};

struct Encode {
  static constexpr const char* name = "encode";
  using Request = EncodeRequest;
  using Result = EncodeResult;
  using Events = List<event::Progress, event::Lost>;
};

struct CacheVerify {
  static constexpr const char* name = "cache_verify";
  using Request = CacheVerifyRequest;
  using Result = CacheVerifyResult;
  using Events = List<>;
};

}  // namespace verb

using Verbs = List<verb::Inspect, verb::Resolve, verb::Device, verb::Check, verb::Dataset,
                   verb::Items, verb::Lint, verb::Listen, verb::Audio, verb::Pretrain,
                   verb::Features, verb::Cell, verb::Predictions, verb::Complete, verb::Adapter,
                   verb::ExportEncoder, verb::Encode, verb::CacheVerify>;

namespace list {

template <class Verbs>
struct Parts;

template <class... Verbs>
struct Parts<List<Verbs...>> {
  using Events = Joined<typename Verbs::Events...>;
  using Request = std::variant<typename Verbs::Request...>;
  using Result = std::variant<typename Verbs::Result...>;
};

template <class Request, class Verbs>
struct VerbOf;

template <class Request, class First, class... Rest>
struct VerbOf<Request, List<First, Rest...>>
    : std::conditional_t<std::is_same_v<Request, typename First::Request>,
                         std::type_identity<First>, VerbOf<Request, List<Rest...>>> {};

}  // namespace list

/// The verb with this request.
template <class Request>
using VerbOf = typename list::VerbOf<Request, Verbs>::type;

/// All events of some verbs.
template <class SomeVerbs>
using EventsOf = typename list::Parts<SomeVerbs>::Events;

using Events = EventsOf<Verbs>;

/// A request or a result of one of some verbs.
template <class SomeVerbs>
using RequestOf = typename list::Parts<SomeVerbs>::Request;
template <class SomeVerbs>
using ResultOf = typename list::Parts<SomeVerbs>::Result;

template <class Verb>
Message to_request(std::int64_t id, const typename Verb::Request& request) {
  return {to_header(Verb::name, id, request)};
}

/// @throws ProtocolError
template <class Verb>
typename Verb::Request read_request(const Json& header) {
  return read_fields<typename Verb::Request>(header, std::string("request '") + Verb::name + "'");
}

/// @throws ProtocolError
template <class Verb>
typename Verb::Result read_result(const Json& result) {
  return read_fields<typename Verb::Result>(result, std::string("result of '") + Verb::name + "'");
}

}  // namespace earshot::protocol
