#include <cmath>

#include <ATen/ATen.h>

#include <lib/models/parameters.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/random.hpp>

namespace earshot::kit {

namespace {

/// As a double, which the sizes in a corrupt file cannot overflow.
double numbers_in(at::IntArrayRef shape) {
  double numbers = 1;
  for (const auto size : shape)
    numbers *= static_cast<double>(size);
  return numbers;
}

}  // namespace

Initial Initial::fan_in(std::int64_t inputs) {
  const auto bound = 1 / std::sqrt(static_cast<double>(inputs));
  return {-bound, bound};
}

Parameters::Parameters(c10::Device device, const Checkpoint& checkpoint, at::ScalarType type)
    : device_(device), type_(type), most_(0), file_(checkpoint.path()) {
  for (const auto& name : checkpoint.names())
    most_ += numbers_in(checkpoint.shape(name));
  constexpr double enough = 4;  // a model slightly too large gets the report of what does not fit
  most_ *= enough;
}

at::Tensor Parameters::make(const std::string& name, at::IntArrayRef shape) {
  declared_ += numbers_in(shape);
  if (declared_ > most_)
    throw DataError(file_.string() +
                    ": is far too small for the model that its config.json describes, "
                    "which has '" +
                    name + "' of " + c10::str(shape) + ". Download both again");
  return at::empty(shape, at::TensorOptions(type_).device(device_));
}

void Parameters::declare(const std::string& name, const at::Tensor& tensor, Initial initial) {
  if (!tensors_.emplace(name, tensor).second)
    throw ContractError("parameter '" + name + "' is declared twice");
  initial_[name] = initial;
}

at::Tensor Parameters::add(const std::string& name, at::IntArrayRef shape, Initial initial) {
  auto tensor = make(name, shape);
  declare(name, tensor, initial);
  return tensor;
}

at::Tensor Parameters::add_stacked(const std::vector<std::string>& names, at::IntArrayRef shape,
                                   Initial initial, at::IntArrayRef rows) {
  if (names.size() == 1) return add(names.front(), shape, initial);  // no view: it can be trained
  auto tensor = make(names.front(), shape);
  const auto parts = rows.empty() ? tensor.chunk(std::ssize(names)) : tensor.split_with_sizes(rows);
  for (std::size_t i = 0; i < names.size(); ++i)
    declare(names[i], parts.at(i), initial);
  return tensor;
}

at::Tensor Parameters::add_weight_norm(const std::string& name, at::IntArrayRef shape,
                                       Initial initial) {
  std::vector<std::int64_t> norms(shape.size(), 1);
  norms[0] = shape[0];
  add(name + "_g", norms, Initial::constant(1));
  return add(name + "_v", shape, initial);
}

void Parameters::load(const Checkpoint& checkpoint, const NameMap& names) {
  kit::load(checkpoint, names, tensors_);
  fold_weight_norms();
}

void Parameters::randomize(std::uint64_t seed) {
  for (auto& [name, tensor] : tensors_) {
    const auto [low, high] = initial_.at(name);
    if (low == high) {
      tensor.fill_(low);
      continue;
    }
    auto values = at::empty(tensor.sizes(), at::kFloat);
    auto* value = values.mutable_data_ptr<float>();
    Random random(derive(seed, name.c_str()));
    for (std::int64_t i = 0; i < values.numel(); ++i)
      value[i] = static_cast<float>(random.uniform(low, high));
    tensor.copy_(values);
  }
  fold_weight_norms();
}

void Parameters::fold_weight_norms() {
  const std::string suffix = "_g";
  std::vector<std::string> folded;
  for (const auto& [name, scale] : tensors_) {
    if (!name.ends_with(suffix)) continue;
    const auto weight = name.substr(0, name.size() - suffix.size());
    const auto direction = tensors_.find(weight + "_v");
    if (direction == tensors_.end()) continue;
    const auto rows = direction->second.flatten(1);
    direction->second.mul_(scale / rows.norm(2, {1}).view(scale.sizes()));
    folded.push_back(weight);
  }
  for (const auto& weight : folded) {
    tensors_.erase(weight + "_g");
    auto node = tensors_.extract(weight + "_v");
    node.key() = weight;
    tensors_.insert(std::move(node));
  }
}

std::int64_t Parameters::count() const {
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : tensors_)
    numbers += tensor.numel();
  return numbers;
}

}  // namespace earshot::kit
