#include "worker/plugin/connect.hpp"

#include <algorithm>

#include <ATen/Context.h>
#include <c10/core/GradMode.h>

#include "worker/plugin/shared_state.hpp"

namespace earshot::worker {

namespace {

double rate_of(const SourceSpec& source) {
  return std::visit([](const auto& spec) { return spec.frame_rate; }, source);
}

void check_kinds(const std::string& name, const std::vector<Reads>& reads,
                 std::span<const SourceSpec> sources) {
  if (reads.size() != sources.size())
    throw ConfigError(name + " gets " + std::to_string(sources.size()) + " sources; expected " +
                      std::to_string(reads.size()));
  for (std::size_t i = 0; i < reads.size(); ++i)
    if ((reads[i] == Reads::codes) != std::holds_alternative<CodeSpec>(sources[i]))
      throw ConfigError(
          name + " gets the " + name_of(reads[i] == Reads::codes ? Reads::features : Reads::codes) +
          " of source " + std::to_string(i + 1) + "; expected its " + name_of(reads[i]));
}

}  // namespace

std::string name_of(Reads reads) {
  return reads == Reads::codes ? "codes" : "features";
}

SourceSpec to_spec(const protocol::SourceSpec& source) {
  if (const auto& codes = source.codes)
    return CodeSpec{codes->frame_rate, codes->first_frame, codes->sizes};
  if (const auto& features = source.features)
    return FeatureSpec{features->frame_rate, features->first_frame, features->dim};
  throw ConfigError("a source with neither features nor codes; expected one of them");
}

void connect(ComponentInstance& made, std::span<const SourceSpec> sources, std::uint64_t seed) {
  auto* reader = made.as<Reader>();
  if (reader == nullptr) return;
  const c10::NoGradGuard no_grad;
  at::manual_seed(seed);
  call_plugin([&] { return "connecting " + made.name; },
              [&] {
                check_kinds(made.name, reader->reads(), sources);
                reader->connect(sources);
              });
  made.connected = true;
  const auto rate = made.require<Encoder>().spec().frame_rate;
  const bool has_rate = std::any_of(sources.begin(), sources.end(),
                                    [](const auto& source) { return rate_of(source) > 0; });
  if (rate > 0 && !has_rate)
    throw ContractError(made.name + " gives " + protocol::Json(rate).dump() +
                        " frames per second, although no source has a rate; expected 0, one frame "
                        "per clip");
}

void connect(ComponentInstance& made, const protocol::ComponentRef& ref, std::uint64_t seed) {
  if (ref.sources.empty()) return;
  std::vector<SourceSpec> sources;
  for (const auto& source : ref.sources)
    sources.push_back(to_spec(source));
  connect(made, sources, seed);
}

}  // namespace earshot::worker
