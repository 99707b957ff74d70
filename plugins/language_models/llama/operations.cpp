#include "operations.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <lib/models/dense.hpp>
#include <lib/models/exponential.hpp>

// Compiled for each kind of vector unit; the version is chosen when the plugin is loaded.
#define EARSHOT_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))

namespace llama {

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

bool is_plain(const Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat;
}

/// Calls work(begin, end) for ranges of `rows` rows of `width` numbers, on all threads.
template <class Work>
void each_stretch(std::int64_t rows, std::int64_t width, const Work& work) {
  constexpr std::int64_t numbers = 16384;  // minimum work for a thread
  at::parallel_for(0, rows, std::max<std::int64_t>(1, numbers / width), work);
}

/// Sum of x y z, in lanes so that the compiler vectorises it.
EARSHOT_VECTORISED float triple_dot(const float* x, const float* y, const float* z,
                                    std::int64_t size) {
  constexpr std::int64_t lanes = 16;
  std::array<float, lanes> sums{};
  std::int64_t i = 0;
  for (; i + lanes <= size; i += lanes)
    for (std::int64_t lane = 0; lane < lanes; ++lane)
      sums[lane] += x[i + lane] * y[i + lane] * z[i + lane];
  float sum = 0;
  for (; i < size; ++i)
    sum += x[i] * y[i] * z[i];
  for (const auto lane : sums)
    sum += lane;
  return sum;
}

EARSHOT_VECTORISED void scale_row(const float* x, const float* weight, float scale, float* y,
                                  std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i)
    y[i] = x[i] * scale * weight[i];
}

/// Gradient with respect to x of y = r w x, r = 1 / sqrt(mean(x^2) + epsilon), from that with
/// respect to y: r w dy - r^3 / n sum(dy w x) x.
EARSHOT_VECTORISED void norm_gradient_row(const float* gradient, const float* x,
                                          const float* weight, float scale, float common, float* y,
                                          std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i)
    y[i] = gradient[i] * weight[i] * scale - common * x[i];
}

/// Rotates one head: (a, b) to (a cos - b sin, b cos + a sin), where a and b are its two halves.
EARSHOT_VECTORISED void turn_head(const float* x, const float* cos, const float* sin,
                                  float direction, float* y, std::int64_t half) {
  for (std::int64_t i = 0; i < half; ++i) {
    const auto a = x[i], b = x[i + half], s = direction * sin[i];
    y[i] = a * cos[i] - b * s;
    y[i + half] = b * cos[i] + a * s;
  }
}

/// 1 / (1 + exp(-x)), from the exponential of a number that is not positive.
inline float sigmoid(float x) {
  const auto small = 1 + earshot::kit::exp_minus_1(x < 0 ? x : -x);
  return (x < 0 ? small : 1.F) / (1 + small);
}

/// Gate and up next to each other: silu(gate) up.
EARSHOT_VECTORISED void gate_row(const float* x, float* y, std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i)
    y[i] = x[i] * sigmoid(x[i]) * x[i + size];
}

EARSHOT_VECTORISED void gate_gradient_row(const float* gradient, const float* x, float* y,
                                          std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i) {
    const auto gate = x[i], s = sigmoid(gate);
    y[i] = gradient[i] * x[i + size] * s * (1 + gate * (1 - s));
    y[i + size] = gradient[i] * gate * s;
  }
}

Tensor maybe(const Tensor& tensor, bool wanted) {
  return wanted ? tensor : Tensor();
}

struct Product : Function<Product> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& bias) {
    const bool of_weight = weight.requires_grad();
    context->save_for_backward({maybe(x, of_weight), weight});
    context->saved_data["bias"] = bias && bias->requires_grad();
    context->saved_data["x"] = x.requires_grad();
    return earshot::kit::dense(x, weight, bias.value_or(Tensor()));
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto gradient = gradients[0].contiguous();
    Tensor of_x, of_weight, of_bias;
    if (context->saved_data["x"].toBool())
      of_x = earshot::kit::dense(gradient, saved[1].detach().t());
    if (saved[0].defined()) of_weight = at::mm(gradient.t(), saved[0]);
    if (context->saved_data["bias"].toBool()) of_bias = gradient.sum(0);
    return {of_x, of_weight, of_bias};
  }
};

struct RmsNorm : Function<RmsNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& weight,
                        double epsilon) {
    const auto x = input.contiguous(), w = weight.contiguous();
    const auto rows = x.size(0), width = x.size(1);
    auto y = at::empty_like(x);
    auto scales = at::empty({rows, 1}, x.options());
    const auto *from = x.const_data_ptr<float>(), *factors = w.const_data_ptr<float>();
    auto *to = y.mutable_data_ptr<float>(), *scale = scales.mutable_data_ptr<float>();
    const std::vector<float> ones(static_cast<std::size_t>(width), 1.F);
    each_stretch(rows, width, [&](std::int64_t begin, std::int64_t end) {
      for (auto row = begin; row < end; ++row) {
        const auto* at = from + row * width;
        const auto mean = triple_dot(at, at, ones.data(), width) / static_cast<float>(width);
        scale[row] = 1 / std::sqrt(mean + static_cast<float>(epsilon));
        scale_row(at, factors, scale[row], to + row * width, width);
      }
    });
    context->save_for_backward({x, weight, scales});
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &scales = saved[2];
    const auto gradient = gradients[0].contiguous(), w = saved[1].contiguous();
    const auto rows = x.size(0), width = x.size(1);
    auto of_x = at::empty_like(x);
    const auto *from = gradient.const_data_ptr<float>(), *at = x.const_data_ptr<float>(),
               *factors = w.const_data_ptr<float>(), *scale = scales.const_data_ptr<float>();
    auto* to = of_x.mutable_data_ptr<float>();
    each_stretch(rows, width, [&](std::int64_t begin, std::int64_t end) {
      for (auto row = begin; row < end; ++row) {
        const auto place = row * width;
        const auto sum = triple_dot(from + place, at + place, factors, width);
        const auto r = scale[row];
        norm_gradient_row(from + place, at + place, factors, r,
                          sum * r * r * r / static_cast<float>(width), to + place, width);
      }
    });
    Tensor of_weight;
    if (saved[1].requires_grad()) of_weight = (gradient * x.detach() * scales).sum(0);
    return {of_x, of_weight, Tensor()};
  }
};

/// `direction` -1 rotates backwards, as gradients need.
Tensor turned(const Tensor& input, const Tensor& cos, const Tensor& sin, std::int64_t turning,
              float direction) {
  const auto x = input.contiguous();
  const auto rows = x.size(0), heads = x.size(1), width = x.size(2), half = width / 2;
  auto y = at::empty_like(x);
  const auto* from = x.const_data_ptr<float>();
  auto* to = y.mutable_data_ptr<float>();
  const auto *cosines = cos.const_data_ptr<float>(), *sines = sin.const_data_ptr<float>();
  each_stretch(rows, heads * width, [&](std::int64_t begin, std::int64_t end) {
    for (auto row = begin; row < end; ++row) {
      const auto place = row * heads * width;
      for (std::int64_t head = 0; head < turning; ++head)
        turn_head(from + place + head * width, cosines + row * width, sines + row * width,
                  direction, to + place + head * width, half);
      std::copy_n(from + place + turning * width, (heads - turning) * width,
                  to + place + turning * width);
    }
  });
  return y;
}

struct RotateHeads : Function<RotateHeads> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& cos,
                        const Tensor& sin, std::int64_t turning) {
    context->save_for_backward({cos, sin});
    context->saved_data["turning"] = turning;
    return turned(x, cos, sin, turning, 1);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    return {turned(gradients[0], saved[0], saved[1], context->saved_data["turning"].toInt(), -1),
            Tensor(), Tensor(), Tensor()};
  }
};

struct Gated : Function<Gated> {
  static Tensor forward(AutogradContext* context, const Tensor& input) {
    const auto x = input.contiguous();
    context->save_for_backward({x});
    const auto rows = x.size(0), width = x.size(1) / 2;
    auto y = at::empty({rows, width}, x.options());
    const auto* from = x.const_data_ptr<float>();
    auto* to = y.mutable_data_ptr<float>();
    each_stretch(rows, width, [&](std::int64_t begin, std::int64_t end) {
      for (auto row = begin; row < end; ++row)
        gate_row(from + 2 * row * width, to + row * width, width);
    });
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto x = context->get_saved_variables()[0];
    const auto gradient = gradients[0].contiguous();
    const auto rows = x.size(0), width = x.size(1) / 2;
    auto of_x = at::empty_like(x);
    const auto *from = gradient.const_data_ptr<float>(), *at = x.const_data_ptr<float>();
    auto* to = of_x.mutable_data_ptr<float>();
    each_stretch(rows, width, [&](std::int64_t begin, std::int64_t end) {
      for (auto row = begin; row < end; ++row)
        gate_gradient_row(from + row * width, at + 2 * row * width, to + 2 * row * width, width);
    });
    return {of_x};
  }
};

/// Maximum number of rows of logits in memory at once.
constexpr std::int64_t most_rows = 256;

/// For blocks of rows: work(first, logits), which may modify the logits.
template <class Work>
void each_logits(const Tensor& x, const Tensor& head, const Work& work) {
  for (std::int64_t first = 0; first < x.size(0); first += most_rows) {
    const auto count = std::min(most_rows, x.size(0) - first);
    auto logits = earshot::kit::dense(x.narrow(0, first, count), head).to(at::kFloat);
    work(first, count, logits);
  }
}

/// The gradient of the log-probability of row i is g_i times what it is for g_i = 1: if only x
/// needs a gradient, the latter is computed together with the logits, which are never computed
/// twice.
struct TargetLogProb : Function<TargetLogProb> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& head,
                        const Tensor& targets, bool of_x) {
    const bool of_head = head.requires_grad();
    auto result = at::empty({x.size(0)}, x.options().dtype(at::kFloat));
    auto slope = of_x && !of_head ? at::empty_like(x) : Tensor();
    each_logits(x, head, [&](std::int64_t first, std::int64_t count, Tensor& logits) {
      const auto wanted = targets.narrow(0, first, count).unsqueeze(1);
      const auto log_prob = at::log_softmax(logits, 1);
      result.narrow(0, first, count).copy_(log_prob.gather(1, wanted).squeeze(1));
      if (slope.defined())
        slope.narrow(0, first, count).copy_(to_x(difference(log_prob, wanted), head));
    });
    context->save_for_backward({maybe(x, of_head), head, maybe(targets, of_head), slope});
    return result;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &head = saved[1], &targets = saved[2], &slope = saved[3];
    const auto gradient = gradients[0].unsqueeze(1);
    if (slope.defined())
      return {slope * gradient.to(slope.scalar_type()), Tensor(), Tensor(), Tensor()};
    if (!x.defined()) return {Tensor(), Tensor(), Tensor(), Tensor()};
    auto of_x = at::empty_like(x);
    auto of_head = at::zeros_like(head);
    each_logits(x, head, [&](std::int64_t first, std::int64_t count, Tensor& logits) {
      const auto wanted = targets.narrow(0, first, count).unsqueeze(1);
      const auto of_logits =
          difference(at::log_softmax(logits, 1), wanted).mul_(gradient.narrow(0, first, count));
      of_x.narrow(0, first, count).copy_(to_x(of_logits, head));
      of_head.addmm_(of_logits.t().to(head.scalar_type()), x.narrow(0, first, count));
    });
    return {of_x, of_head, Tensor(), Tensor()};
  }

 private:
  /// The derivative with respect to the logits: 1 at the target minus the probabilities.
  static Tensor difference(const Tensor& log_prob, const Tensor& wanted) {
    auto result = log_prob.exp().neg_();
    return result.scatter_add_(1, wanted, at::ones_like(wanted, result.options()));
  }
  static Tensor to_x(const Tensor& of_logits, const Tensor& head) {
    return earshot::kit::dense(of_logits.to(head.scalar_type()), head.detach().t());
  }
};

}  // namespace

Tensor product(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return Product::apply(x, weight, bias.defined() ? std::make_optional(bias) : std::nullopt);
}

Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  if (is_plain(x)) return RmsNorm::apply(x, weight, epsilon);
  // In bfloat16 it matters that the scaled numbers are rounded before multiplying by the weight.
  const auto wide = x.to(at::kFloat);
  const auto scale = wide.square().mean(-1, true).add_(epsilon).rsqrt_();
  return weight * (wide * scale).to(x.scalar_type());
}

Tensor rotate_heads(const Tensor& x, const earshot::kit::Rotation& rotation, std::int64_t turning) {
  if (is_plain(x)) return RotateHeads::apply(x, rotation.cos, rotation.sin, turning);
  const earshot::kit::Rotation each_head{rotation.cos.unsqueeze(1).to(x.scalar_type()),
                                         rotation.sin.unsqueeze(1).to(x.scalar_type())};
  return at::cat({earshot::kit::rotate(x.narrow(1, 0, turning), each_head),
                  x.narrow(1, turning, x.size(1) - turning)},
                 1);
}

Tensor gated(const Tensor& x) {
  if (is_plain(x)) return Gated::apply(x);
  const auto halves = x.chunk(2, -1);
  return at::silu(halves[0]) * halves[1];
}

Tensor target_log_prob(const Tensor& x, const Tensor& head, const Tensor& targets) {
  return TargetLogProb::apply(x, head, targets, c10::GradMode::is_enabled() && x.requires_grad());
}

}  // namespace llama
