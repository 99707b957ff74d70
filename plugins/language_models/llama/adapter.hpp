#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include <earshot/component.hpp>

#include "model.hpp"

// LoRA in the format of the library peft: adapter_config.json, and adapter_model.safetensors with
// `base_model.model.<layer>.lora_A.weight` and `...lora_B.weight`.

namespace llama {

/// Adds new adapters, which have no effect at first, to the layers whose name ends in one of
/// `targets` ("q_proj", "self_attn.q_proj"); "all-linear": to all. A is drawn from LibTorch's
/// generator.
/// @throws ConfigError for a target that matches no layer.
void add_adapters(Model& model, std::int64_t rank, double alpha,
                  const std::vector<std::string>& targets);

/// Reads the adapters of a folder, with their own ranks and scales. @throws DataError for anything
/// that is missing, does not fit the model, or is not plain LoRA.
void read_adapter(Model& model, const std::filesystem::path& folder);

/// Writes the adapters to a folder that peft can load. @throws DataError if it cannot be written.
void write_adapter(const Model& model, const std::filesystem::path& folder);

/// The adapter_config.json of write_adapter().
std::string adapter_config(const Model& model);

earshot::NamedTensors adapter_tensors(const Model& model);  ///< by peft's names

}  // namespace llama
