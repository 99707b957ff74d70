#include <fstream>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>

#include "protocol/path_text.hpp"
#include "worker/requests/verbs.hpp"
#include "worker/stage/state_file.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;

constexpr const char* config_name = "adapter_config.json";

/// The adapter in what a cell learnt, by peft's names and without what belongs to the cell alone.
State adapter_of(const fs::path& file) {
  const auto part = take_part(read_state(file), "components/language_model/");
  State adapter;
  for (const auto& [name, tensor] : part.tensors)
    if (name.starts_with("base_model.")) adapter.tensors.emplace(name, tensor);
  const auto config = part.text.find(config_name);
  if (config == part.text.end() || adapter.tensors.empty())
    throw DataError(file.string() + ": has no adapter; its language model was " +
                    (part.tensors.empty() ? "not trained" : "trained in a different way") +
                    ". Expected a run whose language model has train = \"lora\"");
  adapter.text.emplace(config_name, config->second);
  return adapter;
}

}  // namespace

/// Writes the adapter of a fit state as peft has it: adapter_model.safetensors,
/// adapter_config.json.
protocol::AdapterResult perform(const protocol::AdapterRequest& request, Session&) {
  const auto to = protocol::path_of(request.to);
  auto made = adapter_of(protocol::path_of(request.file));
  const auto config = made.text.extract(config_name).mapped();
  std::error_code error;
  fs::create_directories(to, error);
  kit::save_safetensors(to / "adapter_model.safetensors", made.tensors, {{"format", "pt"}});
  std::ofstream out(to / config_name, std::ios::binary);
  out << config << '\n';
  if (!out.flush()) throw DataError((to / config_name).string() + ": cannot be written");
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : made.tensors)
    numbers += tensor.numel();
  return {.tensors = std::ssize(made.tensors), .numbers = numbers};
}

}  // namespace earshot::worker
