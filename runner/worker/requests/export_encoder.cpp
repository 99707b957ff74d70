#include <fstream>
#include <optional>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <earshot/kit/checkpoint.hpp>

#include "protocol/path_text.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/conformance/made_up_sources.hpp"
#include "worker/plugin/connect.hpp"
#include "worker/plugin/shared_state.hpp"
#include "worker/requests/verbs.hpp"
#include "worker/stage/trained_encoder.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;
using protocol::ComponentRef;
using protocol::Json;

constexpr const char* config_file = "config.json";
constexpr const char* tensors_file = "model.safetensors";
constexpr std::uint64_t seed =
    1;  // of what is drawn before weights replace it, and of test signals

/// The configuration of the weights: what the learner says of itself, or that of the weights with
/// which it began, which training does not change, or its options.
std::string config_of(const State& learnt, const ComponentRef& encoder,
                      const std::string& weights) {
  if (const auto own = learnt.text.find(config_file); own != learnt.text.end()) return own->second;
  const auto begun = protocol::path_of(encoder.options.at(weights).value("path", std::string()));
  const auto folder = fs::is_directory(begun) ? begun : begun.parent_path();
  if (std::ifstream file(folder / config_file, std::ios::binary); !begun.empty() && file)
    return {std::istreambuf_iterator<char>(file), {}};
  auto options = encoder.options;
  options.erase(weights);
  return protocol::json_text({{"component", encoder.component}, {"options", options}});
}

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw DataError(file.string() + ": cannot be written; is the disk full?");
}

/// The untrained encoder with what was written as its weights.
ComponentRef with_weights(ComponentRef encoder, const std::string& weights, const fs::path& to) {
  const auto path = protocol::path_text(to);
  encoder.options[weights] = {{"source", path}, {"path", path}};
  encoder.state.clear();
  encoder.inputs.clear();
  return encoder;
}

std::optional<ComponentInstance> loaded(const ComponentRef& ref, std::string& refusal) {
  try {
    return make_encoder(ref, at::kCPU, seed);
  } catch (const Error& error) {
    refusal = error.what();
  }
  return std::nullopt;
}

/// Loads what was written. Options that contradict weights, such as the architecture of random
/// ones, take their default in `ref`.
/// @throws DataError if the plugin does not load it
ComponentInstance load_again(ComponentRef& ref, const std::string& weights) {
  std::string refusal;
  if (auto made = loaded(ref, refusal)) return *made;
  const auto& schema =
      describe(open_library(protocol::path_of(ref.plugin))
                   .components.at(ref.component.substr(ref.component.find('/') + 1)))
          .options;
  for (const auto& spec : schema) {
    if (spec.name == weights || spec.required || ref.options.at(spec.name) == spec.value) continue;
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
  throw DataError("encoder '" + ref.component +
                  "' does not take what it has learnt as its option '" + weights + "': " + refusal);
}

/// Features of a second of noise, or of what sources give for a clip.
at::Tensor features_of(const ComponentInstance& made, const ComponentRef& ref) {
  return call_plugin([&] { return made.name; },
                     [&]() -> at::Tensor {
                       auto* reader = made.as<Reader>();
                       if (reader == nullptr) {
                         auto& encoder = made.require<Encoder>();
                         return encoder.encode(test_audio(encoder.needs(), {1.0})).values;
                       }
                       MadeUpSources sources;
                       for (const auto& spec : ref.sources)
                         sources.specs.push_back(to_spec(spec));
                       return reader->read(sources.batch({{.number = 1, .seconds = 1.0}})).values;
                     });
}

/// @throws DataError unless both give the same features
void compare(const ComponentInstance& trained, const ComponentInstance& again,
             const ComponentRef& ref) {
  // Weights that are stored as a product or a sum of parts may be rounded once more.
  constexpr double tolerance = 1e-4;
  const auto one = features_of(trained, ref), two = features_of(again, ref);
  const bool same_shape = one.sizes() == two.sizes();
  const auto difference = same_shape ? (one - two).abs().max().item<double>() : 0;
  if (same_shape && difference <= tolerance * one.abs().max().item<double>()) return;
  throw DataError("encoder '" + ref.component +
                  "' takes what it has learnt as weights, but then gives other features than the "
                  "trained one" +
                  (same_shape ? ": they differ by " + std::to_string(difference) : "") +
                  ". Please report this to the author of the plugin");
}

}  // namespace

/// Writes the state of the learner with its configuration, loads both as weights and compares
/// features. If they are no such weights, removes what it wrote.
protocol::ExportEncoderResult perform(const protocol::ExportEncoderRequest& request, Session&) {
  const at::NoGradGuard no_grad;
  const auto to = protocol::path_of(request.to);
  const auto& encoder = request.encoder;
  const auto learnt = learnt_state(protocol::path_of(encoder.state));
  auto ref = with_weights(encoder, request.weights, to);
  try {
    kit::save_safetensors(to / tensors_file, learnt.tensors, {{"format", "pt"}});
    write_text(to / config_file, config_of(learnt, encoder, request.weights) + "\n");
    const auto again = load_again(ref, request.weights);
    compare(make_encoder(encoder, at::kCPU, seed), again, ref);
  } catch (...) {
    for (const auto* name : {tensors_file, config_file}) {
      std::error_code ignored;
      fs::remove(to / name, ignored);
    }
    throw;
  }
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : learnt.tensors)
    numbers += tensor.numel();
  return {.tensors = std::ssize(learnt.tensors), .numbers = numbers, .options = ref.options};
}

}  // namespace earshot::worker
