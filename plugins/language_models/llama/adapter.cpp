#include "adapter.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>

namespace llama {

namespace {

namespace fs = std::filesystem;
using earshot::ConfigError;
using earshot::DataError;
using nlohmann::json;
using Part = Projection::Part;

/// Calls work(part, inputs, device) for the layers of the model.
void each_part(Model& model, const std::function<void(Part&, std::int64_t, c10::Device)>& work) {
  for (auto* projection : model.projections())
    for (auto& part : projection->parts())
      work(part, projection->weight().size(1), projection->weight().device());
}

void each_adapter(const Model& model, const std::function<void(const Part&)>& work) {
  for (const auto* projection : model.projections())
    for (const auto& part : projection->parts())
      if (part.adapter.defined()) work(part);
}

std::string stored_name(const Part& part, const char* matrix) {
  return "base_model.model." + part.name + ".lora_" + matrix + ".weight";
}

bool is_target(const std::string& name, const std::string& target) {
  return target == "all-linear" || name == target || name.ends_with("." + target);
}

/// adapter_config.json, as far as it affects what adapters compute.
class Configuration {
 public:
  explicit Configuration(const fs::path& file) : place_(file.string()) {
    std::ifstream in(file);
    if (!in)
      throw DataError(place_ +
                      ": cannot be read; expected a folder written by peft, which contains it");
    try {
      json_ = json::parse(in);
      check();
    } catch (const json::exception& error) {
      throw DataError(place_ + ": not a peft configuration: " + error.what());
    }
  }

  double scale(const std::string& layer, std::int64_t rank) const {
    auto alpha = json_.at("lora_alpha").get<double>();
    const auto patterns = json_.value("alpha_pattern", json::object());
    for (const auto& [pattern, value] : patterns.items())
      if (std::regex_match(layer, std::regex("(.*\\.)?(" + pattern + ")"))) {
        alpha = value.get<double>();
        break;
      }
    const auto r = static_cast<double>(rank);
    return alpha / (json_.value("use_rslora", false) ? std::sqrt(r) : r);
  }

 private:
  void check() const {
    if (json_.value("peft_type", "") != "LORA")
      throw DataError(place_ + ": 'peft_type' is " + json_.value("peft_type", json()).dump() +
                      "; allowed: \"LORA\"");
    for (const auto* key : {"use_dora", "fan_in_fan_out", "lora_bias", "modules_to_save"})
      if (const auto value = json_.value(key, json());
          !value.is_null() && value != false && value != json::array())
        throw DataError(place_ + ": '" + key + "' is " + value.dump() +
                        "; only plain LoRA without it is supported");
    if (json_.value("bias", "none") != "none")
      throw DataError(place_ + ": 'bias' is \"" + json_.value("bias", "") + "\"; allowed: none");
    json_.at("lora_alpha").get<double>();
  }

  std::string place_;
  json json_{};
};

}  // namespace

void add_adapters(Model& model, std::int64_t rank, double alpha,
                  const std::vector<std::string>& targets) {
  std::set<std::string> unused(targets.begin(), targets.end());
  each_part(model, [&](Part& part, std::int64_t inputs, c10::Device device) {
    bool wanted = false;
    for (const auto& target : targets)
      if (is_target(part.name, target)) {
        wanted = true;
        unused.erase(target);
      }
    if (!wanted) return;
    // Initialised as in peft: kaiming_uniform with a = sqrt(5), which is +-1 / sqrt(inputs).
    const auto bound = 1 / std::sqrt(static_cast<double>(inputs));
    const auto options = at::TensorOptions(at::kFloat).device(device);
    part.adapter = {.a = at::empty({rank, inputs}, options).uniform_(-bound, bound),
                    .b = at::zeros({part.rows, rank}, options),
                    .scale = alpha / static_cast<double>(rank)};
  });
  if (!unused.empty() || targets.empty())
    throw ConfigError("lora_targets " +
                      (targets.empty() ? "is empty" : "has '" + *unused.begin() + "'") +
                      "; allowed: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, "
                      "or all-linear");
}

void read_adapter(Model& model, const fs::path& folder) {
  const Configuration configuration(folder / "adapter_config.json");
  const earshot::kit::Checkpoint checkpoint(folder / "adapter_model.safetensors");
  std::set<std::string> left(checkpoint.names().begin(), checkpoint.names().end());
  const auto read = [&](const std::string& name, at::IntArrayRef shape, c10::Device device) {
    if (checkpoint.shape(name) != shape.vec())
      throw DataError(checkpoint.path().string() + ": '" + name + "' is " +
                      c10::str(checkpoint.shape(name)) + " and should be " + c10::str(shape) +
                      ". It belongs to another model");
    auto tensor = at::empty(shape, at::TensorOptions(at::kFloat).device(device));
    checkpoint.read(name, tensor);
    left.erase(name);
    return tensor;
  };
  each_part(model, [&](Part& part, std::int64_t inputs, c10::Device device) {
    const auto a = stored_name(part, "A"), b = stored_name(part, "B");
    if (!checkpoint.contains(a)) return;
    const auto& shape = checkpoint.shape(a);
    const auto rank = shape.empty() ? 0 : shape.front();
    part.adapter = {.a = read(a, {rank, inputs}, device),
                    .b = read(b, {part.rows, rank}, device),
                    .scale = configuration.scale(part.name, rank)};
  });
  if (!left.empty() || checkpoint.names().empty())
    throw DataError(checkpoint.path().string() + ": " +
                    (left.empty() ? "is empty" : "has '" + *left.begin() + "'") +
                    "; allowed are lora_A and lora_B of the model's linear layers");
}

std::string adapter_config(const Model& model) {
  std::set<std::string> targets;
  json ranks = json::object(), alphas = json::object();
  std::int64_t rank = 0;
  double alpha = 0;
  each_adapter(model, [&](const Part& part) {
    const auto own_rank = part.adapter.a.size(0);
    const auto own_alpha = part.adapter.scale * static_cast<double>(own_rank);
    if (targets.empty()) {
      rank = own_rank;
      alpha = own_alpha;
    }
    targets.insert(part.name.substr(part.name.rfind('.') + 1));
    if (own_rank != rank) ranks[part.name] = own_rank;
    if (own_alpha != alpha) alphas[part.name] = own_alpha;
  });
  const json config = {
      {"peft_type", "LORA"},    {"task_type", "CAUSAL_LM"}, {"r", rank},
      {"lora_alpha", alpha},    {"lora_dropout", 0.0},      {"target_modules", targets},
      {"bias", "none"},         {"fan_in_fan_out", false},  {"use_rslora", false},
      {"inference_mode", true}, {"rank_pattern", ranks},    {"alpha_pattern", alphas}};
  constexpr int indent = 2;
  return config.dump(indent);
}

void write_adapter(const Model& model, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, tensor] : adapter_tensors(model))
    tensors.emplace(name, tensor.detach());
  earshot::kit::save_safetensors(folder / "adapter_model.safetensors", tensors, {{"format", "pt"}});
  std::ofstream out(folder / "adapter_config.json");
  out << adapter_config(model) << '\n';
  if (!out.flush())
    throw DataError((folder / "adapter_config.json").string() + ": cannot be written");
}

earshot::NamedTensors adapter_tensors(const Model& model) {
  earshot::NamedTensors all;
  each_adapter(model, [&](const Part& part) {
    all.emplace_back(stored_name(part, "A"), part.adapter.a);
    all.emplace_back(stored_name(part, "B"), part.adapter.b);
  });
  return all;
}

}  // namespace llama
