#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <earshot/component.hpp>

namespace torchscript {

/// A TorchScript file, opened for inference until train(true). In a separate file, because
/// LibTorch's header takes half a minute to compile.
class Module {
 public:
  /// @throws DataError naming the file: unreadable, damaged, or not TorchScript
  Module(const std::filesystem::path& file, c10::Device device);
  ~Module();

  /// The text of an extra file that was saved with the model; "" if there is none.
  const std::string& about() const { return about_; }

  /// Number of values in the parameters of the module, shared parameters counted once; for a frozen
  /// module, whose parameters are constants of its code, the number of values in its floating-point
  /// constants.
  std::int64_t parameter_count() const;

  /// Its floating-point parameters, not copied, each once; none if it is frozen.
  earshot::NamedTensors parameters() const;
  /// What it stores besides, such as running statistics; not copied.
  earshot::NamedTensors buffers() const;
  void train(bool on);

  /// forward(input), differentiable in the parameters; for a tuple, its first element. Interpreted
  /// as it is: LibTorch's optimiser would compile different code after a few calls, with different
  /// rounding.
  /// @throws DataError naming the file if the model fails or does not return a tensor.
  at::Tensor forward(const at::Tensor& input);

 private:
  struct Parts;
  std::filesystem::path file_;
  std::unique_ptr<Parts> parts_;
  std::string about_;
};

}  // namespace torchscript
