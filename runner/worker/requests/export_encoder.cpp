#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <earshot/codec.hpp>
#include <earshot/kit/checkpoint.hpp>
#include <earshot/learner.hpp>

#include "protocol/path_text.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/conformance/made_up_sources.hpp"
#include "worker/plugin/connect.hpp"
#include "worker/plugin/shared_state.hpp"
#include "worker/requests/verbs.hpp"
#include "worker/stage/context.hpp"
#include "worker/stage/trained_encoder.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;
using protocol::ComponentRef;
using protocol::Json;

constexpr const char* config_file = "config.json";
constexpr const char* tensors_file = "model.safetensors";
/// For random numbers of constructors, which the weights replace.
constexpr std::uint64_t any_seed = 1;

std::string title_of(const ComponentRef& encoder) {
  return "encoder '" + encoder.component + "'";
}

State exported(const ComponentInstance& trained, const ComponentRef& encoder) {
  auto weights =
      in_context([&] { return title_of(encoder) + " cannot be exported"; },
                 [&] {
                   return call_plugin([&] { return trained.name; },
                                      [&] { return trained.require<Learner>().export_weights(); });
                 });
  if (weights.tensors.empty())
    throw ContractError(title_of(encoder) + " exports no tensors; expected those that it learnt");
  return weights;
}

/// What the learner gives as config.json, or that of the weights with which the training began, or
/// the options.
std::string config_of(const State& weights, const ComponentRef& encoder,
                      const std::string& option) {
  if (const auto own = weights.text.find(config_file); own != weights.text.end())
    return own->second;
  const auto begun = protocol::path_of(encoder.options.at(option).value("path", std::string()));
  if (!begun.empty()) {
    const auto folder = fs::is_directory(begun) ? begun : begun.parent_path();
    if (std::ifstream file(folder / config_file, std::ios::binary); file)
      return {std::istreambuf_iterator<char>(file), {}};
  }
  auto options = encoder.options;
  options.erase(option);
  return protocol::json_text({{"component", encoder.component}, {"options", options}}, 2) + "\n";
}

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw DataError(file.string() + ": cannot be written; is the disk full?");
}

/// The untrained encoder with the folder as its weights.
ComponentRef with_weights(ComponentRef encoder, const std::string& option, const fs::path& folder) {
  const auto path = protocol::path_text(folder);
  encoder.options[option] = {{"source", path}, {"path", path}};
  encoder.state.clear();
  encoder.inputs.clear();
  return encoder;
}

std::optional<ComponentInstance> loaded(const ComponentRef& ref, std::string& refusal) {
  try {
    return make_encoder(ref, at::kCPU, any_seed);
  } catch (const Error& error) {
    refusal = error.what();
  }
  return std::nullopt;
}

/// Loads what was written. An option that concerns random weights only, and is refused beside
/// others, takes its default in `ref`.
/// @throws DataError with all refusals if the plugin does not load it
ComponentInstance load_again(ComponentRef& ref, const std::string& option) {
  std::string refusal;
  if (auto made = loaded(ref, refusal)) return *made;
  const auto schema =
      worker::describe(open_library(protocol::path_of(ref.plugin)).components.at(ref.component))
          .options;
  for (const auto& spec : schema) {
    if (spec.name == option || spec.required || ref.options.at(spec.name) == spec.value) continue;
    auto without = ref;
    without.options[spec.name] = spec.value;
    std::string other;
    if (auto made = loaded(without, other)) {
      ref = std::move(without);
      return *made;
    }
    if (refusal.find(other) == std::string::npos)
      refusal += "; with the default of its option '" + spec.name + "': " + other;
  }
  throw DataError(title_of(ref) + " does not take what it has learnt as its option '" + option +
                  "': " + refusal);
}

/// What an encoder gives for a second of test audio, or of what its sources might give.
Results outputs_of(const ComponentInstance& made, const ComponentRef& ref) {
  const auto use = [&]() -> Results {
    auto* codec = made.as<Codec>();
    if (auto* reader = made.as<Reader>()) {
      MadeUpSources sources;
      for (const auto& spec : ref.sources)
        sources.specs.push_back(to_spec(spec));
      const auto batch = sources.batch({{.number = 1, .seconds = 1}});
      Results results{reader->read(batch).values};
      if (codec != nullptr) results.push_back(reader->read_codes(batch).codes);
      return results;
    }
    auto& encoder = made.require<Encoder>();
    const auto audio = test_audio(encoder.needs(), {1.0});
    Results results{encoder.encode(audio).values};
    if (codec == nullptr) return results;
    const auto codes = codec->quantize(audio);
    results.insert(results.end(),
                   {codes.codes, codec->embed(codes).values, codec->decode(codes).samples});
    return results;
  };
  return call_plugin([&] { return made.name; }, use);
}

/// Bit by bit, or within the rounding of weights that are stored as a product of parts.
bool alike(const at::Tensor& a, const at::Tensor& b) {
  if (same_bits(a, b)) return true;
  return a.sizes() == b.sizes() && a.is_floating_point() && b.is_floating_point() &&
         relative_difference(a, b) <= tolerance;
}

/// @throws DataError unless both give the same features and codes
void compare(const ComponentInstance& trained, const ComponentInstance& again,
             const ComponentRef& ref) {
  const auto one = outputs_of(trained, ref), two = outputs_of(again, ref);
  if (std::equal(one.begin(), one.end(), two.begin(), two.end(), alike)) return;
  throw DataError(title_of(ref) +
                  " takes what it has learnt as weights, but then gives other features or codes "
                  "than the trained one. Please report this to the author of the plugin");
}

}  // namespace

/// Writes the weights of the learner with their configuration, loads both, and compares features
/// and codes.
protocol::ExportEncoderResult perform(const protocol::ExportEncoderRequest& request, Session&) {
  const at::NoGradGuard no_grad;
  const auto to = protocol::path_of(request.to);
  const auto trained = make_encoder(request.encoder, at::kCPU, any_seed);
  const auto weights = exported(trained, request.encoder);
  kit::save_safetensors(to / tensors_file, weights.tensors, {{"format", "pt"}});
  write_text(to / config_file, config_of(weights, request.encoder, request.weights));
  auto ref = with_weights(request.encoder, request.weights, to);
  compare(trained, load_again(ref, request.weights), ref);
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : weights.tensors)
    numbers += tensor.numel();
  return {.tensors = std::ssize(weights.tensors), .numbers = numbers, .options = ref.options};
}

}  // namespace earshot::worker
