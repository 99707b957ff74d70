#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include <earshot/kit/name_map.hpp>

namespace earshot::kit {

/// What a tensor begins with when no checkpoint is loaded: uniform in [low, high).
struct Initial {
  double low = 0, high = 0;
  static Initial constant(double value) { return {value, value}; }
  /// +-1 / sqrt(inputs), which PyTorch gives linear, convolution and LSTM layers.
  static Initial fan_in(std::int64_t inputs);
};

/// The tensors of a model by the names that its checkpoints use. Layers declare theirs when they
/// are constructed and keep handles to them; load() or randomize() then fills all of them in place.
///
///     Parameters parameters(context.device);
///     SeanetEncoder encoder(options, parameters, "encoder");
///     parameters.load(checkpoint, names);
class Parameters {
 public:
  /// `type`: of all tensors; checkpoints of another are converted when they are read.
  explicit Parameters(c10::Device device, at::ScalarType type = at::kFloat)
      : device_(device), type_(type) {}
  /// For a model whose sizes come from a file that may lie: what is far larger than `checkpoint`,
  /// which it is to be loaded from, is refused before memory is taken.
  Parameters(c10::Device device, const Checkpoint& checkpoint, at::ScalarType type = at::kFloat);

  /// A new tensor, not yet filled. @throws ContractError for a name that is there already,
  /// DataError for what the checkpoint cannot hold.
  at::Tensor add(const std::string& name, at::IntArrayRef shape, Initial initial);

  /// A new tensor that checkpoints hold in parts, each under one of `names`, below each other:
  /// (rows, ...) by n names, of (rows / n, ...), or of the given `rows`. @throws as add().
  at::Tensor add_stacked(const std::vector<std::string>& names, at::IntArrayRef shape,
                         Initial initial, at::IntArrayRef rows = {});

  /// A weight with weight normalisation, w = g v / ||v||, the norm over all dimensions but the
  /// first (Salimans and Kingma 2016, "Weight Normalization"): declares <name>_g and <name>_v.
  /// Until load() has folded g into it, what is returned holds v.
  at::Tensor add_weight_norm(const std::string& name, at::IntArrayRef shape, Initial initial);

  /// Fills all from the file, then folds weight norms. @throws DataError as kit::load().
  void load(const Checkpoint& checkpoint, const NameMap& names);

  /// Random numbers out of `seed` and each tensor's name, so that one tensor more changes no other.
  void randomize(std::uint64_t seed);

  const std::map<std::string, at::Tensor>& tensors() const { return tensors_; }
  std::int64_t count() const;  ///< numbers in all tensors

 private:
  at::Tensor make(const std::string& name, at::IntArrayRef shape);
  void declare(const std::string& name, const at::Tensor& tensor, Initial initial);
  void fold_weight_norms();

  c10::Device device_;
  at::ScalarType type_ = at::kFloat;
  double most_ = std::numeric_limits<double>::infinity(), declared_ = 0;  ///< numbers
  std::filesystem::path file_{};
  std::map<std::string, at::Tensor> tensors_{};
  std::map<std::string, Initial> initial_{};
};

}  // namespace earshot::kit
