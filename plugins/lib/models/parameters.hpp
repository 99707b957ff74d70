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

/// How a tensor is initialised if no checkpoint is loaded: uniform in [low, high).
struct Initial {
  double low = 0, high = 0;
  static Initial constant(double value) { return {value, value}; }
  /// +-1 / sqrt(inputs), which PyTorch uses for linear, convolution and LSTM layers.
  static Initial fan_in(std::int64_t inputs);
};

/// The tensors of a model by the names in its checkpoints. Layers declare theirs when they are
/// constructed and keep handles to them; load() or randomize() then fills all of them in place.
///
///     Parameters parameters(context.device);
///     SeanetEncoder encoder(options, parameters, "encoder");
///     parameters.load(checkpoint, names);
class Parameters {
 public:
  /// `type`: of all tensors; checkpoints of another type are converted while reading.
  explicit Parameters(c10::Device device, at::ScalarType type = at::kFloat)
      : device_(device), type_(type) {}
  /// For a model whose sizes come from a file that may be corrupt: a tensor much larger than
  /// `checkpoint`, from which it will be loaded, is refused before memory is allocated.
  Parameters(c10::Device device, const Checkpoint& checkpoint, at::ScalarType type = at::kFloat);

  /// A new tensor, not yet filled. @throws ContractError for a name that already exists, DataError
  /// for a tensor that the checkpoint cannot hold.
  at::Tensor add(const std::string& name, at::IntArrayRef shape, Initial initial);

  /// A new tensor that checkpoints hold in parts, each under one of `names`, stacked: (rows, ...)
  /// from n parts of (rows / n, ...), or of the given `rows`. Several parts are views of it, to
  /// which no gradient comes. @throws like add().
  at::Tensor add_stacked(const std::vector<std::string>& names, at::IntArrayRef shape,
                         Initial initial, at::IntArrayRef rows = {});

  /// A weight with weight normalisation, w = g v / ||v||, the norm over all dimensions but the
  /// first (Salimans and Kingma 2016, "Weight Normalization"): declares <name>_g and <name>_v. The
  /// returned tensor holds v until load() has folded g into it.
  at::Tensor add_weight_norm(const std::string& name, at::IntArrayRef shape, Initial initial);

  /// Fills all tensors from the file, then folds weight norms. @throws DataError like kit::load().
  void load(const Checkpoint& checkpoint, const NameMap& names);

  /// Random numbers from `seed` and each tensor's name, so that adding a tensor changes no other.
  void randomize(std::uint64_t seed);

  const std::map<std::string, at::Tensor>& tensors() const { return tensors_; }
  std::int64_t count() const;  ///< total number of values

 private:
  at::Tensor make(const std::string& name, at::IntArrayRef shape);
  void declare(const std::string& name, const at::Tensor& tensor, Initial initial);
  void fold_weight_norms();

  c10::Device device_;
  at::ScalarType type_ = at::kFloat;
  double most_ = std::numeric_limits<double>::infinity(), declared_ = 0;  ///< number of values
  std::filesystem::path file_{};
  std::map<std::string, at::Tensor> tensors_{};
  std::map<std::string, Initial> initial_{};
};

}  // namespace earshot::kit
