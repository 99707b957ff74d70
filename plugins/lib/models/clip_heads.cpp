#include <cmath>

#include <ATen/ATen.h>

#include <lib/models/clip_heads.hpp>
#include <lib/models/sources.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

namespace {

using Goal = Objective::Goal;

/// Width of the layer for the labels; 0: none.
std::int64_t outputs_of(const Objective& objective) {
  switch (objective.goal) {
    case Goal::classes: {
      const auto count = std::ssize(objective.classes),
                 least = std::ptrdiff_t{1} + objective.exclusive;
      if (count < least)
        throw ConfigError("the label has " + std::to_string(count) + " classes; at least " +
                          std::to_string(least) + " can be told apart. Choose another target");
      return count;
    }
    case Goal::values:
      if (objective.values < 1)
        throw ConfigError("the label has no values; at least 1 is needed. Choose another target");
      return objective.values;
    case Goal::teacher:
      if (objective.teacher.dim < 1) throw ConfigError("there is no teacher to imitate. Name one");
      return 0;
    default:
      throw Unsupported(
          "it has one vector for each clip, from which nothing can be reconstructed; it can learn "
          "classes, values or from a teacher");
  }
}

void expect_sizes(const at::Tensor& tensor, at::IntArrayRef sizes, const char* what) {
  if (!tensor.defined() || tensor.sizes() != sizes)
    throw ContractError(c10::str(what, " are ",
                                 tensor.defined() ? c10::str(tensor.sizes()) : "undefined",
                                 "; expected ", sizes));
}

}  // namespace

at::Tensor ClipHeads::Linear::operator()(const at::Tensor& x) const {
  return at::linear(x, weight, bias).to(at::kFloat);
}

ClipHeads::ClipHeads(const Objective& objective, std::int64_t width, c10::Device device,
                     bool labels)
    : objective_(objective) {
  const auto outputs = outputs_of(objective);
  if (outputs > 0 && labels) head_ = linear("head", width, outputs, device);
  if (objective.teacher.dim > 0) teacher_ = linear("teacher", width, objective.teacher.dim, device);
}

ClipHeads::Linear ClipHeads::linear(const std::string& name, std::int64_t in, std::int64_t out,
                                    c10::Device device) {
  const auto bound = 1 / std::sqrt(static_cast<double>(in));
  const auto drawn = [&](at::IntArrayRef sizes) {
    // On the CPU, so that every device starts from the same numbers.
    return at::empty(sizes, at::kFloat).uniform_(-bound, bound).to(device).requires_grad_(true);
  };
  Linear made{.weight = drawn({out, in}), .bias = drawn({out})};
  parameters_.emplace_back(name + ".weight", made.weight);
  parameters_.emplace_back(name + ".bias", made.bias);
  return made;
}

at::Tensor ClipHeads::label_loss(const at::Tensor& outputs, const at::Tensor& targets,
                                 Losses& losses) const {
  expect_sizes(targets, outputs.sizes(), "targets");
  if (objective_.goal == Goal::values) {
    const auto error = (outputs - targets).square().mean();
    losses.parts.emplace_back("squared_error", error.detach());
    return error;
  }
  if (!objective_.exclusive) {
    const auto error = at::binary_cross_entropy_with_logits(outputs, targets);
    losses.parts.emplace_back("cross_entropy", error.detach());
    return error;
  }
  const auto error = -(targets * at::log_softmax(outputs, 1)).sum(1).mean();
  const auto right = outputs.detach().argmax(1) == targets.argmax(1);
  losses.parts.emplace_back("cross_entropy", error.detach());
  losses.parts.emplace_back("accuracy", right.to(at::kFloat).mean());
  return error;
}

Losses ClipHeads::loss(const at::Tensor& vectors, const LearnerBatch& batch,
                       const at::Tensor& outputs) const {
  Losses losses{.weight = static_cast<double>(vectors.size(0))};
  if (head_)
    losses.total = label_loss((*head_)(vectors), batch.targets, losses);
  else if (outputs.defined())
    losses.total = label_loss(outputs.to(at::kFloat), batch.targets, losses);
  if (teacher_) {
    const auto imitated = (*teacher_)(vectors);
    const auto taught = mean_of_frames(batch.teacher);
    expect_sizes(taught, imitated.sizes(), "the teacher's features");
    const auto error = (imitated - taught).square().mean();
    losses.parts.emplace_back("teacher_error", error.detach());
    losses.total = losses.total.defined() ? losses.total + error : error;
  }
  return losses;
}

}  // namespace earshot::kit
