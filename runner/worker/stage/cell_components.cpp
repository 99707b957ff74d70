#include "worker/stage/cell_components.hpp"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>

#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"
#include "worker/audio/policy.hpp"
#include "worker/plugin/shared_state.hpp"
#include "worker/stage/context.hpp"
#include "worker/stage/opened.hpp"
#include "worker/stage/state_file.hpp"

namespace earshot::worker {

std::uint64_t cell_seed(std::int64_t seed, std::string_view stream, std::int64_t index) {
  return protocol::hash64(std::to_string(seed) + "\n" + std::string(stream) + "\n" +
                          std::to_string(index));
}

CellComponents::CellComponents(const protocol::CellRequest& request, const Uses& uses,
                               c10::Device device, std::function<CodeSpec()> codes)
    : request_(request), uses_(uses), device_(device), codes_(std::move(codes)) {}

void CellComponents::seed(std::string_view stream) const {
  at::manual_seed(cell_seed(request_.seed, stream));
}

const protocol::FeatureSource& CellComponents::encoder_source() const {
  if (request_.features.empty()) throw Unsupported("the cell has no encoder");
  return request_.features.front();
}

ComponentInstance& CellComponents::encoder_object() {
  if (encoder_.exists()) return encoder_;
  const auto& ref = encoder_source().encoder;
  // One that is trained here must be new; one that is only used may have served other cells.
  return encoder_ = uses_.learner ? make_encoder(ref, device_, cell_seed(request_.seed, "encoder"))
                                  : open_encoder(ref, device_);
}

Encoder& CellComponents::encoder() {
  return encoder_object().require<Encoder>();
}

Codec& CellComponents::codec() {
  if (auto* codec = encoder_object().as<Codec>()) return *codec;
  throw Unsupported("encoder '" + encoder_source().encoder.component + "' is not a codec");
}

Learner& CellComponents::learner() {
  auto* learner = uses_.learner ? encoder_object().as<Learner>() : nullptr;
  if (learner == nullptr)
    throw Unsupported("encoder '" + encoder_source().encoder.component +
                      (uses_.learner ? "' cannot be trained here"
                                     : "' is not trained: the evaluator's uses() has no learner"));
  if (!learner_) {
    seed("prepare");
    learner_.emplace(*learner);
  }
  return *learner_;
}

Mapper& CellComponents::mapper(const FeatureSpec& in) {
  if (!mapper_.exists()) {
    if (request_.mapper.plugin.empty()) throw Unsupported("the cell has no mapper");
    const auto out = language_model().spec().embedding_dim;
    mapper_ = make(request_.mapper, device_, cell_seed(request_.seed, "mapper"));
    seed("connect mapper");
    call_plugin([&] { return mapper_.name; }, [&] { mapper_.require<Mapper>().connect(in, out); });
    mapped_ = in;
    restore("mapper/", mapper_.require<Mapper>());
  }
  if (in != mapped_)
    throw ContractError("the mapper is connected to features of dim " +
                        std::to_string(mapped_.dim) + " and requested with dim " +
                        std::to_string(in.dim) + "; expected the same in every call");
  return mapper_.require<Mapper>();
}

LanguageModel& CellComponents::language_model() {
  if (!language_model_.exists()) {
    if (request_.language_model.plugin.empty()) throw Unsupported("the cell has no language model");
    language_model_ =
        make(request_.language_model, device_, cell_seed(request_.seed, "language_model"));
    auto& model = language_model_.require<LanguageModel>();
    seed("connect language_model");
    if (uses_.codes)
      call_plugin([&] { return language_model_.name; }, [&] { model.connect(codes_()); });
    if (const auto& file = request_.language_model.state; !file.empty())
      in_context(
          [&] {
            return "language model '" + request_.language_model.component + "', pretrained in " +
                   file;
          },
          [&] {
            const at::NoGradGuard no_grad;
            model.load_state(read_state(protocol::path_of(file)));
          });
    restore("language_model/", model);
  }
  return language_model_.require<LanguageModel>();
}

AudioNeeds CellComponents::audio_needs() {
  if (encoder_object().as<Reader>() != nullptr)
    throw Unsupported("encoder '" + encoder_source().encoder.component +
                      "' reads other encoders in place of audio" +
                      (uses_.learner ? "; it learns from Trial::sources()" : ""));
  return with_overrides(encoder().needs(), encoder_source().audio);
}

State CellComponents::trained_encoder() const {
  if (!learner_ || !learner_->objective())
    throw ContractError("fit() has not prepared a learner; expected a trained one");
  return trained_state(*learner_);
}

State CellComponents::state() const {
  State state;
  if (mapper_.exists()) add_part(state, "mapper/", mapper_.require<Mapper>().state());
  if (language_model_.exists())
    add_part(state, "language_model/", language_model_.require<LanguageModel>().state());
  if (learner_) add_part(state, "learner/", learner_->state());
  return state;
}

void CellComponents::load_state(const State& state) {
  loaded_ = state;
  if (mapper_.exists()) restore("mapper/", mapper_.require<Mapper>());
  if (language_model_.exists())
    restore("language_model/", language_model_.require<LanguageModel>());
  if (learner_) restore("learner/", *learner_);
}

void CellComponents::restore(const std::string& name, Stateful& object) {
  const auto part = take_part(loaded_, name);
  if (part.tensors.empty() && part.text.empty()) return;
  const at::NoGradGuard no_grad;
  object.load_state(part);
}

}  // namespace earshot::worker
