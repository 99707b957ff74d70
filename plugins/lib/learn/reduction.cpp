#include <algorithm>

#include <ATen/ATen.h>

#include <lib/learn/directions.hpp>
#include <lib/learn/reduction.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

namespace {

const at::Tensor& stored(const State& state, const std::string& name) {
  const auto found = state.tensors.find(name);
  if (found == state.tensors.end()) throw DataError("state lacks the tensor '" + name + "'");
  return found->second;
}

/// Flips rows such that the largest coefficient of each is positive.
at::Tensor signed_rows(const at::Tensor& rows) {
  const auto largest = std::get<1>(rows.abs().max(1, /*keepdim=*/true));
  return rows * rows.gather(1, largest).sign();
}

}  // namespace

PrincipalAxes PrincipalAxes::of(const at::Tensor& x, std::int64_t count, IfFewer if_fewer) {
  const auto mean = x.mean(0);
  const Directions directions(x - mean);
  if (if_fewer == IfFewer::keep) count = std::min(count, directions.count());
  if (count > directions.count())
    throw ConfigError("pca is " + std::to_string(count) + "; allowed: at most " +
                      std::to_string(directions.count()) +
                      ", the number of directions in which the " + std::to_string(x.size(1)) +
                      " features of the " + std::to_string(x.size(0)) + " training items vary");
  return {.mean = mean, .axes = signed_rows(directions.axes(count)).contiguous()};
}

at::Tensor PrincipalAxes::apply(const at::Tensor& x) const {
  return at::matmul(x - mean.to(x.options()), axes.to(x.options()).t());
}

OptionSchema Reduction::options() {
  return {
      {.name = "standardise",
       .value = true,
       .help = "Scale each feature to mean 0 and variance 1 on the training items"},
      {.name = "pca",
       .value = std::int64_t{0},
       .help = "Keep this many principal components of the training items, the same for encoders "
               "of any width; 0: all features",
       .min = 0},
      {.name = "if_narrower",
       .value = std::string("refuse"),
       .help = "If features vary in fewer directions than pca: refuse them, or keep all of them, "
               "which controls such as level_only need",
       .choices = {"refuse", "keep"}},
  };
}

Reduction::Reduction(const Options& options)
    : standardise_(options.flag("standardise")),
      pca_(options.integer("pca")),
      if_fewer_(options.text("if_narrower") == "keep" ? PrincipalAxes::IfFewer::keep
                                                      : PrincipalAxes::IfFewer::refuse) {}

at::Tensor Reduction::learn(const at::Tensor& x) {
  auto scaled = x;
  if (standardise_) {
    standardiser_ = Standardiser::of(x);
    scaled = standardiser_.apply(x);
  }
  if (pca_ == 0) return scaled;
  axes_ = PrincipalAxes::of(scaled, pca_, if_fewer_);
  return axes_.apply(scaled);
}

std::string Reduction::shortfall() const {
  if (pca_ == 0 || axes_.axes.size(0) == pca_) return "";
  return "the features vary in " + std::to_string(axes_.axes.size(0)) +
         " directions only, fewer than pca = " + std::to_string(pca_) + ": all of them are used";
}

at::Tensor Reduction::apply(const at::Tensor& x) const {
  const auto scaled = standardise_ ? standardiser_.apply(x) : x;
  return pca_ == 0 ? scaled : axes_.apply(scaled);
}

void Reduction::save(State& state) const {
  if (standardise_) {
    state.tensors["mean"] = standardiser_.mean;
    state.tensors["scale"] = standardiser_.scale;
  }
  if (pca_ > 0) {
    state.tensors["pca_mean"] = axes_.mean;
    state.tensors["pca_axes"] = axes_.axes;
  }
}

void Reduction::load(const State& state) {
  if (standardise_) standardiser_ = {stored(state, "mean"), stored(state, "scale")};
  if (pca_ > 0) axes_ = {stored(state, "pca_mean"), stored(state, "pca_axes")};
}

}  // namespace earshot::kit
