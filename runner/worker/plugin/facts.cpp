#include "worker/plugin/facts.hpp"

#include <set>

#include <c10/core/GradMode.h>

#include <earshot/evaluator.hpp>
#include <earshot/sized.hpp>

#include "shared/enum_names.hpp"
#include "worker/plugin/connect.hpp"
#include "worker/plugin/names.hpp"

namespace earshot::worker {

namespace {

void expect(bool fits, const std::string& what) {
  if (!fits) throw ContractError(what);
}

protocol::AudioNeeds describe(const AudioNeeds& needs) {
  expect(needs.sample_rate > 0, "needs().sample_rate is " + std::to_string(needs.sample_rate) +
                                    " Hz; expected more than 0");
  expect(needs.channels == 1 || needs.channels == 2,
         "needs().channels is " + std::to_string(needs.channels) + "; expected 1 or 2");
  expect(needs.max_seconds >= 0 && needs.min_seconds >= 0 &&
             (needs.max_seconds == 0 || needs.min_seconds <= needs.max_seconds),
         "needs() has min_seconds " + std::to_string(needs.min_seconds) + " and max_seconds " +
             std::to_string(needs.max_seconds) + "; expected 0 <= min <= max, or max 0");
  return {.sample_rate = needs.sample_rate,
          .channels = needs.channels,
          .max_seconds = needs.max_seconds,
          .min_seconds = needs.min_seconds,
          .crop = shared::name_of(needs.crop, shared::crop_names),
          .pad = shared::name_of(needs.pad, shared::pad_names)};
}

protocol::FeatureSpec describe(const FeatureSpec& spec) {
  expect(std::isfinite(spec.frame_rate) && spec.frame_rate >= 0 && std::isfinite(spec.first_frame),
         "spec() has frame_rate " + std::to_string(spec.frame_rate) + " Hz and first_frame " +
             std::to_string(spec.first_frame) + " s; expected 0 or more, and finite");
  expect(spec.dim > 0, "spec().dim is " + std::to_string(spec.dim) + "; expected 1 or more");
  return {.frame_rate = spec.frame_rate, .first_frame = spec.first_frame, .dim = spec.dim};
}

protocol::CodeSpec describe(const CodeSpec& spec) {
  expect(std::isfinite(spec.frame_rate) && spec.frame_rate >= 0 && spec.codebooks() > 0,
         "code_spec() has frame_rate " + std::to_string(spec.frame_rate) + " Hz and " +
             std::to_string(spec.codebooks()) +
             " codebooks; expected a rate of 0 (one frame per clip) or more, and a codebook");
  return {.frame_rate = spec.frame_rate,
          .first_frame = spec.first_frame,
          .sizes = spec.sizes,
          .bits_per_second = spec.bits_per_second()};
}

protocol::EvaluatorFacts describe(const Evaluator& evaluator) {
  const auto uses = evaluator.uses();
  protocol::EvaluatorFacts facts{.uses = {.features = uses.features,
                                          .codes = uses.codes,
                                          .audio = uses.audio,
                                          .learner = uses.learner,
                                          .mapper = uses.mapper,
                                          .language_model = uses.language_model,
                                          .seed = uses.seed}};
  std::set<std::string> names;
  int primaries = 0;
  for (const auto& metric : evaluator.metrics()) {
    expect(is_name(metric.name), "metric '" + metric.name + "'; allowed: [a-z0-9_]+");
    expect(names.insert(metric.name).second, "two metrics named '" + metric.name + "'");
    primaries += metric.primary ? 1 : 0;
    facts.metrics.push_back({metric.name, metric.help, metric.unit, metric.higher_is_better,
                             metric.primary, metric.version});
  }
  expect(primaries <= 1,
         std::to_string(primaries) + " metrics are marked primary; expected at most one");
  return facts;
}

std::optional<std::int64_t> parameters_of(const ComponentInstance& made) {
  const auto* sized = made.as<Sized>();
  if (sized == nullptr) return std::nullopt;
  const auto count = sized->parameter_count();
  expect(count >= 0, "parameter_count() is " + std::to_string(count) + "; expected 0 or more");
  return count;
}

protocol::EncoderFacts describe(const Encoder& encoder, const ComponentInstance& made) {
  protocol::EncoderFacts facts{.needs = describe(encoder.needs()),
                               .spec = describe(encoder.spec())};
  if (const auto* codec = made.as<Codec>()) facts.code_spec = describe(codec->code_spec());
  facts.parameters = parameters_of(made);
  return facts;
}

/// What only a connected reader can say is left out of one that is not.
protocol::ReaderFacts describe(const Reader& reader, const ComponentInstance& made) {
  protocol::ReaderFacts facts;
  for (const auto reads : reader.reads())
    facts.reads.push_back(name_of(reads));
  expect(!facts.reads.empty(), "reads() names no source; expected one or more");
  if (!made.connected) return facts;
  facts.spec = describe(made.require<Encoder>().spec());
  if (const auto* codec = made.as<Codec>()) facts.code_spec = describe(codec->code_spec());
  facts.parameters = parameters_of(made);
  return facts;
}

}  // namespace

protocol::Facts facts(const ComponentInstance& made) {
  const at::NoGradGuard no_grad;
  if (const auto* evaluator = made.as<Evaluator>()) return describe(*evaluator);
  if (const auto* model = made.as<LanguageModel>())
    return protocol::LanguageModelFacts{
        {.embedding_dim = model->spec().embedding_dim, .context = model->spec().context}};
  if (const auto* reader = made.as<Reader>()) return describe(*reader, made);
  if (const auto* encoder = made.as<Encoder>()) return describe(*encoder, made);
  return protocol::NoFacts();
}

}  // namespace earshot::worker
