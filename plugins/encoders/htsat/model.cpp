#include "model.hpp"

#include <ATen/ATen.h>

#include <earshot/error.hpp>

namespace htsat {

namespace {

using earshot::kit::Checkpoint;
using earshot::kit::ClapFrontEnd;
using earshot::kit::Initial;
using earshot::kit::MelFilters;
using earshot::kit::Parameters;

constexpr double epsilon = 1e-5;  // of the norms, which no config specifies

ClapFrontEnd front_end_of(const Architecture& a, const Checkpoint& checkpoint) {
  const auto filters = stored_filters(checkpoint);
  if (!filters.defined()) return ClapFrontEnd(a.front_end);
  return {a.front_end,
          MelFilters(filters.size(0), filters.size(1),
                     {filters.const_data_ptr<float>(), static_cast<std::size_t>(filters.numel())})};
}

}  // namespace

Model::Model(const Architecture& a, Parameters parameters, ClapFrontEnd front_end)
    : architecture_(a), parameters_(std::move(parameters)), front_end_(std::move(front_end)) {
  const auto add = [&](const std::string& name, at::IntArrayRef shape, Initial initial) {
    return parameters_.add(name, shape, initial);
  };
  const auto zero = Initial::constant(0), one = Initial::constant(1);
  const auto mels = a.front_end.mels;
  mel_weight_ = add("bn0.weight", {mels}, one);
  mel_bias_ = add("bn0.bias", {mels}, zero);
  mel_mean_ = add("bn0.running_mean", {mels}, zero);
  mel_variance_ = add("bn0.running_var", {mels}, one);

  const auto fan_in = Initial::fan_in(a.patch[0] * a.patch[1]);
  patch_ = add("patch_embed.proj.weight", {a.width, 1, a.patch[0], a.patch[1]}, fan_in);
  patch_bias_ = add("patch_embed.proj.bias", {a.width}, fan_in);
  if (a.patch_norm) {
    patch_norm_ = add("patch_embed.norm.weight", {a.width}, one);
    patch_norm_bias_ = add("patch_embed.norm.bias", {a.width}, zero);
  }
  if (a.fusion > 0) {
    part_patch_ = add("patch_embed.mel_conv2d.weight", {a.width, 1, a.patch[0], 3 * a.patch[1]},
                      Initial::fan_in(3 * a.patch[0] * a.patch[1]));
    part_patch_bias_ = add("patch_embed.mel_conv2d.bias", {a.width}, fan_in);
    fusion_.emplace(a.width, a.fusion, parameters_, "patch_embed.fusion_model");
  }

  for (std::int64_t n = 0; n < a.stages(); ++n)
    stages_.emplace_back(a.stage(n), parameters_, "layers." + std::to_string(n));
  const auto width = a.final_width();
  norm_ = add("norm.weight", {width}, one);
  norm_bias_ = add("norm.bias", {width}, zero);

  if (a.classes > 0) {
    const auto rows = a.stage(a.stages() - 1).rows / a.folds();
    const auto inputs = Initial::fan_in(width * rows * 3);
    classifier_ = add("tscam_conv.weight", {a.classes, width, rows, 3}, inputs);
    classifier_bias_ = add("tscam_conv.bias", {a.classes}, inputs);
  }
  if (a.family == Family::mellow) {
    relay_ = add("c2l.weight", {width, a.classes}, Initial::fan_in(a.classes));
    relay_bias_ = add("c2l.bias", {width}, Initial::fan_in(a.classes));
  }
  if (a.embedding > 0)
    projection_.emplace(width, a.embedding, a.family != Family::transformers, parameters_,
                        "projection");
}

Model::Model(const Architecture& a, const Checkpoint& checkpoint, c10::Device device)
    : Model(a, Parameters(device, checkpoint), front_end_of(a, checkpoint)) {
  parameters_.load(checkpoint, name_map(checkpoint));
  stored_filters_ = htsat::stored_filters(checkpoint);
  tabulate();
}

Model::Model(const Architecture& a, std::uint64_t seed, c10::Device device)
    : Model(a, Parameters(device), ClapFrontEnd(a.front_end)) {
  parameters_.randomize(seed);
  tabulate();
}

void Model::tabulate() {
  for (auto& stage : stages_)
    stage.tabulate();
}

at::Tensor Model::normalised(const at::Tensor& mels) const {
  // Without running statistics, batch_norm leaves their upkeep to finish_step().
  const auto mean = training_ ? at::Tensor() : mel_mean_;
  const auto variance = training_ ? at::Tensor() : mel_variance_;
  const auto rows = at::batch_norm(mels.reshape({-1, mels.size(-1)}), mel_weight_, mel_bias_, mean,
                                   variance, training_, /*momentum=*/0, epsilon,
                                   /*cudnn_enabled=*/false);
  return rows.view(mels.sizes());
}

at::Tensor Model::picture(const at::Tensor& mels) const {
  const auto& a = architecture_;
  const auto clips = mels.size(0), channels = mels.size(1), bands = a.front_end.mels;
  if (mels.size(2) > a.frames())
    throw earshot::ContractError("an image of " + std::to_string(mels.size(2)) +
                                 " mel frames; allowed: up to " + std::to_string(a.frames()));
  auto x = normalised(mels);
  if (x.size(2) < a.frames())
    x = at::upsample_bicubic2d(x, {a.frames(), bands}, /*align_corners=*/true);
  return x.view({clips, channels, a.folds(), a.picture, bands})
      .transpose(3, 4)
      .reshape({clips, channels, a.folds() * bands, a.picture});
}

at::Tensor Model::tokens(const at::Tensor& picture, const std::vector<std::int64_t>& longer) const {
  const auto& a = architecture_;
  const std::vector<std::int64_t> padding = {(a.patch[0] - a.stride[0]) / 2,
                                             (a.patch[1] - a.stride[1]) / 2};
  auto x = at::conv2d(picture.narrow(1, 0, 1), patch_, patch_bias_, a.stride, padding);
  if (fusion_ && !longer.empty()) {
    const auto clips = at::tensor(longer, at::kLong).to(x.device());
    const auto parts = picture.index_select(0, clips).narrow(1, 1, 3);
    auto part = at::conv2d(parts.reshape({-1, 1, parts.size(2), parts.size(3)}), part_patch_,
                           part_patch_bias_, {a.stride[0], 3 * a.stride[1]}, padding);
    // Next to each other, then zeros if three thirds do not add up to the whole.
    part = part.view({clips.size(0), 3, part.size(1), part.size(2), part.size(3)})
               .permute({0, 2, 3, 1, 4})
               .flatten(3);
    part = at::constant_pad_nd(part, {0, x.size(3) - part.size(3)});
    x.index_copy_(0, clips, fusion_->forward(x.index_select(0, clips), part));
  }
  x = x.flatten(2).transpose(1, 2);
  if (!patch_norm_.defined()) return x.contiguous();
  return at::layer_norm(x, {a.width}, patch_norm_, patch_norm_bias_, epsilon);
}

at::Tensor Model::normed(const at::Tensor& tokens) const {
  return at::layer_norm(tokens, {tokens.size(-1)}, norm_, norm_bias_, epsilon);
}

at::Tensor Model::grouped(const at::Tensor& tokens, std::int64_t stage_number) const {
  const auto o = architecture_.stage(stage_number);
  const auto folds = architecture_.folds();
  return tokens.view({tokens.size(0), folds, o.rows / folds, o.columns, o.width})
      .permute({0, 4, 2, 1, 3})
      .reshape({tokens.size(0), o.width, o.rows / folds, folds * o.columns});
}

at::Tensor Model::stage_output(const at::Tensor& mels, std::int64_t number,
                               const std::vector<std::int64_t>& longer) const {
  auto x = tokens(picture(mels), longer);
  for (std::int64_t n = 0; n < number; ++n)
    x = stage(n).merge(stage(n).forward(x));
  return stage(number).forward(x);
}

at::Tensor Model::grid(const at::Tensor& mels, const std::vector<std::int64_t>& longer) const {
  return normed(stage_output(mels, architecture_.stages() - 1, longer));
}

at::Tensor Model::logits(const at::Tensor& grid) const {
  const auto x = grouped(grid, architecture_.stages() - 1);
  const std::vector<std::int64_t> stride = {1, 1}, padding = {0, 1};
  return at::conv2d(x, classifier_, classifier_bias_, stride, padding).squeeze(2).transpose(1, 2);
}

std::vector<std::int64_t> Model::window_starts(std::int64_t mel_frames) const {
  constexpr std::int64_t hop = 344;
  std::vector<std::int64_t> starts{0};
  if (mel_frames <= architecture_.frames()) return starts;
  while (starts.back() + hop < mel_frames - window_frames - 1)
    starts.push_back(starts.back() + hop);
  return starts;
}

at::Tensor Model::relayed(const at::Tensor& posterior) const {
  return at::linear(posterior, relay_, relay_bias_);
}

}  // namespace htsat
