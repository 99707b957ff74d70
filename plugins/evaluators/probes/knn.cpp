#include "knn.hpp"

#include <algorithm>

#include <ATen/ATen.h>

namespace probes {

using earshot::kit::Target;

earshot::OptionSchema Knn::options() {
  auto schema = shared_options();
  schema.push_back({.name = "k",
                    .value = std::int64_t{5},
                    .help = "Number of neighbours; all training items if there are fewer",
                    .min = 1});
  schema.push_back({.name = "distance",
                    .value = std::string("euclidean"),
                    .help = "Distance between items",
                    .choices = {"euclidean", "cosine"}});
  return schema;
}

Knn::Knn(const earshot::Options& options, const earshot::Context&)
    : Probe(options), k_(options.integer("k")), cosine_(options.text("distance") == "cosine") {}

std::vector<earshot::MetricSpec> Knn::metrics() const {
  return Target::metrics(Target::kinds_of(target_type()));
}

namespace {

/// Rows of length 1, for which Euclidean distance gives the same order as the cosine; zeros stay
/// zeros.
at::Tensor unit(const at::Tensor& x) {
  return x / x.norm(2, 1, /*keepdim=*/true).clamp_min(1e-300);
}

double squared_distance(const double* a, const double* b, std::int64_t size) {
  double sum = 0;
  for (std::int64_t d = 0; d < size; ++d)
    sum += (a[d] - b[d]) * (a[d] - b[d]);
  return sum;
}

}  // namespace

void Knn::fit(earshot::Trial& trial) {
  find_target(trial);
  const auto truths = read_training(trial);
  learn_baseline(truths.rows);
  x_ = learn_features(trial, truths);
  if (cosine_) x_ = unit(x_);
  rows_ = truths.rows;
}

Probe::Answers Knn::answer(const at::Tensor& given) const {
  const auto x = (cosine_ ? unit(given) : given).contiguous();
  const auto train = x_.contiguous(), rows = rows_.contiguous();
  const auto size = train.size(0), dim = train.size(1), width = rows.size(1);
  check_width(x, dim);
  const auto k = std::min(k_, size);
  auto scores = at::zeros({x.size(0), width}, at::kDouble);
  std::vector<std::pair<double, std::int64_t>> near(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    for (std::int64_t j = 0; j < size; ++j)
      near[static_cast<std::size_t>(j)] = {
          squared_distance(x.const_data_ptr<double>() + i * dim,
                           train.const_data_ptr<double>() + j * dim, dim),
          j};
    std::nth_element(near.begin(), near.begin() + (k - 1), near.end());
    auto* score = scores.mutable_data_ptr<double>() + i * width;
    for (std::int64_t n = 0; n < k; ++n)
      for (std::int64_t w = 0; w < width; ++w)
        score[w] +=
            rows.const_data_ptr<double>()[near[static_cast<std::size_t>(n)].second * width + w];
  }
  return {scores / static_cast<double>(k), {}};
}

void Knn::save(earshot::State& state) const {
  state.tensors["x"] = x_;
  state.tensors["rows"] = rows_;
}

void Knn::load(const earshot::State& state) {
  x_ = tensor(state, "x");
  rows_ = tensor(state, "rows");
}

}  // namespace probes
