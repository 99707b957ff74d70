#include "host/plan/readers.hpp"

#include "host/base/failure.hpp"
#include "host/experiment/sources.hpp"
#include "host/experiment/value.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

namespace {

std::string title_of(const Component& reader, const ResolvedComponent& found) {
  return "encoder '" + reader.label + "' (" + found.entry.id() + ")";
}

const std::string& dtype_of_source(const ReadEncoder& source) {
  return std::get<EncoderSettings>(source.component->settings).dtype;
}

}  // namespace

void Readers::check(const Component& encoder, const ResolvedComponent& found) const {
  const bool reads = found.has_ability("reader");
  if (reads && encoder.from().empty())
    refuse(encoder.position,
           title_of(encoder, found) +
               " reads other encoders in place of audio; name them in an experiment file, in its "
               "key 'from'" +
               (experiment_.file.empty()
                    ? ""
                    : ". Known: " + protocol::join(experiment_.labels(Table::encoder))));
  if (!reads && !encoder.from().empty())
    refuse(encoder.position_of("from"),
           title_of(encoder, found) +
               " has 'from', but does not read other encoders; allowed are encoders with the "
               "ability 'reader'. Remove 'from', or use one of these");
}

Resolved Readers::connect(const std::shared_ptr<const Component>& encoder, const Resolved& found) {
  check(*encoder, *found);
  if (encoder->from().empty()) return found;
  auto& known = connected_[{found, encoder}];
  if (known != nullptr) return known;
  check_sources(experiment_, *encoder);
  auto reader = std::make_shared<ResolvedComponent>(*found);
  add_sources(*encoder, *reader);
  return known = std::move(reader);
}

std::shared_ptr<const Component> Readers::written(const std::string& label) {
  auto& component = written_[label];
  if (component == nullptr)
    component = std::make_shared<const Component>(*experiment_.find(Table::encoder, label));
  return component;
}

void Readers::add_sources(const Component& encoder, ResolvedComponent& reader) {
  auto identities = Json::array();
  for (const auto& label : encoder.from()) {
    const auto component = written(label);
    reader.sources.push_back({find_(component), component});
    if (reader.missing.empty()) reader.missing = reader.sources.back().encoder->missing;
  }
  if (!reader.missing.empty()) return;
  const auto facts = ask<protocol::ReaderFacts>(reader, encoder, reader.missing);
  if (!facts) return;
  check_kinds(encoder, reader, facts->reads);
  for (const auto& source : reader.sources) {
    const auto spec = spec_of(source, encoder, reader.missing);
    if (!spec) return;
    reader.ref.sources.push_back(*spec);
    identities.push_back(
        source_identity(source.encoder->identity, dtype_of_source(source), source.codes));
  }
  ask<protocol::ReaderFacts>(reader, encoder, reader.missing);  // whether it can read these
  reader.identity.from = std::move(identities);
  reader.identity_text = CellIdentity::text_of(reader.identity);
}

void Readers::check_kinds(const Component& encoder, ResolvedComponent& reader,
                          const std::vector<std::string>& reads) const {
  const auto& place = encoder.position_of("from");
  if (reads.size() != reader.sources.size())
    refuse(place, title_of(encoder, reader) + " reads " + std::to_string(reads.size()) +
                      (reads.size() == 1 ? " encoder (" : " encoders (") + protocol::join(reads) +
                      "); 'from' names " + std::to_string(reader.sources.size()) +
                      ". Name as many, in this order");
  for (std::size_t i = 0; i < reads.size(); ++i) {
    auto& source = reader.sources[i];
    source.codes = reads[i] == "codes";
    // What is looked up are features, of a codec too.
    const bool has_codes =
        source.encoder->has_ability("codec") && !source.encoder->has_ability("lookup");
    if (source.codes && !has_codes)
      refuse(place, title_of(encoder, reader) + " reads codes, but encoder '" +
                        source.component->label + "' (" + source.encoder->entry.id() +
                        ") has none; allowed are encoders with the ability 'codec'. Name one of "
                        "these in 'from'");
  }
}

/// What an encoder says of itself. Nothing if it cannot be asked: `missing` then says why.
/// @throws Failure (usage) where `from` is written, if it refuses what it reads
template <class Facts>
std::optional<Facts> Readers::ask(const ResolvedComponent& encoder, const Component& reader,
                                  std::string& missing) {
  try {
    const auto answer = queries_.resolve(encoder.ref);
    if (const auto* facts = std::get_if<Facts>(&answer)) return *facts;
    throw WorkerError("contract", "it does not say what it gives, nor what it reads");
  } catch (const WorkerError& error) {
    if (error.kind == "config")
      throw Failure(ExitCode::usage, reader.position_of("from").text() + ": encoder '" +
                                         encoder.label() + "': " + error.what());
    missing = "encoder '" + encoder.label() + "': " + error.what();
  }
  return std::nullopt;
}

std::optional<protocol::SourceSpec> Readers::spec_of(const ReadEncoder& source,
                                                     const Component& reader,
                                                     std::string& missing) {
  protocol::SourceSpec spec;
  const auto take = [&](const auto& facts) {
    if (source.codes)
      spec.codes = facts.code_spec;
    else
      spec.features = facts.spec;
  };
  if (source.encoder->sources.empty()) {
    const auto facts = ask<protocol::EncoderFacts>(*source.encoder, reader, missing);
    if (!facts) return std::nullopt;
    take(*facts);
  } else {
    const auto facts = ask<protocol::ReaderFacts>(*source.encoder, reader, missing);
    if (!facts) return std::nullopt;
    take(*facts);
  }
  if (spec.codes || spec.features) return spec;
  missing = "encoder '" + source.encoder->label() + "' does not say what " +
            (source.codes ? "codes" : "features") + " it gives";
  return std::nullopt;
}

std::vector<protocol::FeatureSource> Readers::sources_of(const ResolvedComponent& found) {
  std::vector<protocol::FeatureSource> sources;
  for (const auto& source : found.sources)
    sources.push_back({.encoder = source.encoder->ref,
                       .dtype = dtype_of_source(source),
                       .codes = source.codes,
                       .from = sources_of(*source.encoder)});
  return sources;
}

}  // namespace earshot::host
