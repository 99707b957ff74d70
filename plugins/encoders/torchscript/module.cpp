#include "module.hpp"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <earshot/error.hpp>

namespace torchscript {

namespace {

using earshot::DataError;

constexpr const char* extra_file = "earshot.json";

/// What LibTorch says, without its backtrace; of an error in the model the last line says it.
std::string reason(const std::exception& error) {
  const auto* known = dynamic_cast<const c10::Error*>(&error);
  std::string text = known != nullptr ? known->what_without_backtrace() : error.what();
  while (text.ends_with('\n'))
    text.pop_back();
  const auto line = text.rfind('\n');
  return line == std::string::npos ? text : text.substr(line + 1);
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
    throw DataError(file.string() +
                    ": is no TorchScript file, or damaged; expected what torch.jit.save writes (of "
                    "a model of Python alone make one by torch.jit.trace): " +
                    reason(error));
  }
  about_ = extra.at(extra_file);
}

Module::~Module() = default;

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
    throw DataError(file_.string() + ": the model gives a " + output.tagKind() +
                    "; expected a tensor, or a tuple that begins with one");
  return output.toTensor();
}

}  // namespace torchscript
