#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <ATen/ATen.h>

#include <lib/learn/linear.hpp>
#include <svm.h>

namespace earshot::kit {

namespace {

/// Larger than outputs of fitted machines.
constexpr double beyond_any = 1e6;

/// Parameters of libsvm as used in scikit-learn's SVC(kernel="linear").
svm_parameter parameters(double c) {
  svm_parameter all{};
  all.svm_type = C_SVC;
  all.kernel_type = LINEAR;
  all.C = c;
  all.eps = 1e-3;        // libsvm's default tolerance for the optimality conditions
  all.cache_size = 128;  // MB
  all.shrinking = 1;
  return all;
}

/// The rows of a matrix in libsvm's format: (column from 1 on, value), terminated by -1.
class Rows {
 public:
  explicit Rows(const at::Tensor& x) : width_(static_cast<std::size_t>(x.size(1)) + 1) {
    const auto rows = x.contiguous();
    const auto* value = rows.const_data_ptr<double>();
    nodes_.reserve(static_cast<std::size_t>(rows.size(0)) * width_);
    for (std::int64_t i = 0; i < rows.size(0); ++i) {
      for (int column = 1; column < static_cast<int>(width_); ++column)
        nodes_.push_back({column, *value++});
      nodes_.push_back({-1, 0});
    }
    for (std::int64_t i = 0; i < rows.size(0); ++i)
      starts_.push_back(nodes_.data() + static_cast<std::size_t>(i) * width_);
  }
  svm_node** starts() { return starts_.data(); }

 private:
  std::size_t width_;
  std::vector<svm_node> nodes_;
  std::vector<svm_node*> starts_;
};

}  // namespace

LinearModel fit_svm(const at::Tensor& x, std::span<const double> y, double c) {
  if (std::adjacent_find(y.begin(), y.end(), std::not_equal_to<>()) == y.end())
    return {.weight = at::zeros({1, x.size(1)}, at::kDouble),
            .bias = at::full({1}, y[0] * beyond_any, at::kDouble)};
  static std::once_flag quiet;
  std::call_once(quiet, [] { svm_set_print_string_function([](const char*) {}); });
  Rows rows(x);
  std::vector<double> labels(y.begin(), y.end());
  const svm_problem problem{static_cast<int>(labels.size()), labels.data(), rows.starts()};
  const auto asked = parameters(c);
  const std::unique_ptr<svm_model, void (*)(svm_model*)> model(
      svm_train(&problem, &asked), [](svm_model* done) { svm_free_and_destroy_model(&done); });
  // An output is sum of coefficient * (support vector . x) - rho, positive for the label that came
  // first.
  const double sign = model->label[0] > 0 ? 1 : -1;
  std::vector<double> coefficients(labels.size(), 0.0);
  for (int i = 0; i < model->l; ++i)
    coefficients[static_cast<std::size_t>(model->sv_indices[i] - 1)] = sign * model->sv_coef[0][i];
  return {.weight = at::mv(x.t(), at::tensor(coefficients)).unsqueeze(0),
          .bias = at::full({1}, -sign * model->rho[0], at::kDouble)};
}

LinearModel fit_one_vs_one(const at::Tensor& x, std::span<const std::int64_t> y,
                           std::int64_t classes, double c) {
  std::vector<std::vector<std::int64_t>> members(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < y.size(); ++i)
    members[static_cast<std::size_t>(y[i])].push_back(static_cast<std::int64_t>(i));
  const auto pairs = classes * (classes - 1) / 2;
  LinearModel all{.weight = at::zeros({pairs, x.size(1)}, at::kDouble),
                  .bias = at::ones({pairs}, at::kDouble)};
  std::int64_t pair = 0;
  for (std::size_t a = 0; a < members.size(); ++a)
    for (std::size_t b = a + 1; b < members.size(); ++b, ++pair) {
      if (members[a].empty() || members[b].empty()) {
        if (!members[b].empty()) all.bias[pair] = -1.0;
        continue;
      }
      auto rows = members[a];
      rows.insert(rows.end(), members[b].begin(), members[b].end());
      std::vector<double> sign(rows.size(), -1.0);
      std::fill_n(sign.begin(), members[a].size(), 1.0);
      const auto one = fit_svm(x.index_select(0, at::tensor(rows)), sign, c);
      all.weight[pair].copy_(one.weight[0]);
      all.bias[pair].copy_(one.bias[0]);
    }
  return all;
}

namespace {

/// Calls `vote(item, winner, first, second, output)` for each item and pair.
template <class Vote>
void each_vote(const at::Tensor& outputs, std::int64_t classes, const Vote& vote) {
  const auto contiguous = outputs.contiguous();
  const auto* value = contiguous.const_data_ptr<double>();
  for (std::int64_t i = 0; i < outputs.size(0); ++i)
    for (std::int64_t a = 0; a < classes; ++a)
      for (std::int64_t b = a + 1; b < classes; ++b, ++value)
        vote(i, *value > 0 ? a : b, a, b, *value);
}

}  // namespace

at::Tensor one_vs_one_scores(const at::Tensor& outputs, std::int64_t classes) {
  auto votes = at::zeros({outputs.size(0), classes}, at::kDouble), sums = at::zeros_like(votes);
  auto* vote = votes.mutable_data_ptr<double>();
  auto* sum = sums.mutable_data_ptr<double>();
  each_vote(outputs, classes,
            [&](std::int64_t i, std::int64_t winner, std::int64_t a, std::int64_t b, double value) {
              vote[i * classes + winner] += 1;
              sum[i * classes + a] += value;
              sum[i * classes + b] -= value;
            });
  return votes + sums / (3 * (sums.abs() + 1));
}

std::vector<std::int64_t> one_vs_one_classes(const at::Tensor& outputs, std::int64_t classes) {
  std::vector<std::int64_t> votes(static_cast<std::size_t>(outputs.size(0) * classes));
  each_vote(outputs, classes,
            [&](std::int64_t i, std::int64_t winner, std::int64_t, std::int64_t, double) {
              ++votes[static_cast<std::size_t>(i * classes + winner)];
            });
  std::vector<std::int64_t> result;
  for (auto row = votes.begin(); row != votes.end(); row += classes)
    result.push_back(std::max_element(row, row + classes) - row);
  return result;
}

}  // namespace earshot::kit
