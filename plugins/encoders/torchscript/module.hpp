#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

namespace torchscript {

/// A TorchScript file, opened for inference. Apart, because LibTorch's header takes half a minute
/// to compile.
class Module {
 public:
  /// @throws DataError naming the file: unreadable, damaged, or no TorchScript
  Module(const std::filesystem::path& file, c10::Device device);
  ~Module();

  /// The text of an extra file that was saved with the model; "" when there is none.
  const std::string& about() const { return about_; }

  /// Numbers of the module's parameters, each once; of a frozen module, whose parameters are
  /// constants of its code, those of its constants that are floating tensors.
  std::int64_t parameter_count() const;

  /// forward(input), without gradients; of a tuple the first. Interpreted as it stands: LibTorch's
  /// optimiser would compile other code after a few calls, with other roundings.
  /// @throws DataError naming the file when the model fails or gives no tensor.
  at::Tensor forward(const at::Tensor& input);

 private:
  struct Parts;
  std::filesystem::path file_;
  std::unique_ptr<Parts> parts_;
  std::string about_;
};

}  // namespace torchscript
