#include "module.hpp"

#include <cstring>
#include <set>

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>

namespace torchscript {

namespace {

using earshot::DataError;

constexpr const char* extra_file = "earshot.json";

/// LibTorch's message without its backtrace; for an error in the model, the last line.
std::string reason(const std::exception& error) {
  const auto* known = dynamic_cast<const c10::Error*>(&error);
  std::string text = known != nullptr ? known->what_without_backtrace() : error.what();
  while (text.ends_with('\n'))
    text.pop_back();
  const auto line = text.rfind('\n');
  return line == std::string::npos ? text : text.substr(line + 1);
}

/// The kind of a file that is not a TorchScript program: usually a checkpoint; "" if unknown.
std::string other_kind(const std::filesystem::path& file) {
  try {
    const earshot::kit::Checkpoint checkpoint(file);
    return "is a checkpoint: " + std::to_string(checkpoint.names().size()) +
           " tensors without a program (a state dict). Load it into its model in Python, convert "
           "that with torch.jit.trace or torch.jit.script, and save it with torch.jit.save";
  } catch (const DataError& error) {
    const std::string text = error.what(), where = file.string() + ": ";
    const auto begin = text.starts_with(where) ? where.size() : 0;
    for (const auto* kind : {"is a GGUF", "is an ONNX", "is a TensorFlow", "is an HDF5",
                             "is an array", "is a pointer", "is empty"})
      if (text.compare(begin, std::strlen(kind), kind) == 0) return text.substr(begin);
    return "";
  }
}

/// Floating-point tensors among the constants of a graph and of its blocks.
std::int64_t constants_of(const torch::jit::Block& block) {
  std::int64_t count = 0;
  for (const auto* node : block.nodes()) {
    for (const auto* inner : node->blocks())
      count += constants_of(*inner);
    if (node->kind() != c10::prim::Constant || !node->hasAttribute(c10::attr::value) ||
        node->kindOf(c10::attr::value) != torch::jit::AttributeKind::t)
      continue;
    const auto& tensor = node->t(c10::attr::value);
    if (at::isFloatingType(tensor.scalar_type()) && tensor.dim() > 0) count += tensor.numel();
  }
  return count;
}

}  // namespace

struct Module::Parts {
  torch::jit::Module module;
};

Module::Module(const std::filesystem::path& file, c10::Device device) : file_(file) {
  torch::jit::ExtraFilesMap extra{{extra_file, ""}};
  try {
    parts_ = std::make_unique<Parts>(Parts{torch::jit::load(file.string(), device, extra)});
    parts_->module.eval();
  } catch (const std::exception& error) {
    if (const auto other = other_kind(file); !other.empty())
      throw DataError(file.string() + ": " + other);
    throw DataError(file.string() +
                    ": not a TorchScript file, or damaged; expected a file written by "
                    "torch.jit.save (convert a Python model with torch.jit.trace): " +
                    reason(error));
  }
  about_ = extra.at(extra_file);
}

Module::~Module() = default;

std::int64_t Module::parameter_count() const {
  std::set<const void*> seen;
  std::int64_t count = 0;
  for (const auto& parameter : parts_->module.parameters())
    if (seen.insert(parameter.unsafeGetTensorImpl()).second) count += parameter.numel();
  if (!seen.empty()) return count;
  return constants_of(*parts_->module.get_method("forward").graph()->block());
}

earshot::NamedTensors Module::parameters() const {
  std::set<const void*> seen;
  earshot::NamedTensors all;
  for (const auto& [name, tensor] : parts_->module.named_parameters())
    if (at::isFloatingType(tensor.scalar_type()) &&
        seen.insert(tensor.unsafeGetTensorImpl()).second)
      all.emplace_back(name, tensor);
  return all;
}

earshot::NamedTensors Module::buffers() const {
  earshot::NamedTensors all;
  for (const auto& [name, tensor] : parts_->module.named_buffers())
    all.emplace_back(name, tensor);
  return all;
}

void Module::train(bool on) {
  parts_->module.train(on);
}

at::Tensor Module::forward(const at::Tensor& input) {
  const torch::jit::GraphOptimizerEnabledGuard unoptimised(false);
  at::IValue output;
  try {
    output = parts_->module.forward({input});
  } catch (const std::exception& error) {
    throw DataError(file_.string() + ": the model fails on an input of shape " +
                    c10::str(input.sizes()) +
                    " (if that is too short, give min_seconds): " + reason(error));
  }
  if (output.isTuple() && !output.toTupleRef().elements().empty())
    output = at::IValue(output.toTupleRef().elements()[0]);
  if (!output.isTensor())
    throw DataError(file_.string() + ": the model returns a " + output.tagKind() +
                    "; expected a tensor, or a tuple that begins with one");
  return output.toTensor();
}

}  // namespace torchscript
