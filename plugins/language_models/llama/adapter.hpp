#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include <earshot/component.hpp>

#include "model.hpp"

// LoRA as the library peft stores it: adapter_config.json, and adapter_model.safetensors with
// `base_model.model.<layer>.lora_A.weight` and `...lora_B.weight`.

namespace llama {

/// New adapters, which add nothing at first, on the layers whose name ends in one of `targets`
/// ("q_proj", "self_attn.q_proj"); "all-linear": on all. A is drawn from LibTorch's generator.
/// @throws ConfigError for a target that no layer has.
void add_adapters(Model& model, std::int64_t rank, double alpha,
                  const std::vector<std::string>& targets);

/// The adapters of a folder, with their own ranks and scales. @throws DataError for what is
/// missing, does not fit the model, or is no plain LoRA.
void read_adapter(Model& model, const std::filesystem::path& folder);

/// Writes the adapters as a folder that peft loads. @throws DataError if it cannot be written.
void write_adapter(const Model& model, const std::filesystem::path& folder);

/// What write_adapter() puts into adapter_config.json.
std::string adapter_config(const Model& model);

earshot::NamedTensors adapter_tensors(const Model& model);  ///< by peft's names

}  // namespace llama
