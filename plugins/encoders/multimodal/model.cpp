#include "model.hpp"

#include <ATen/ATen.h>

namespace multimodal {

using earshot::kit::BatchNorm;
using earshot::kit::Initial;
using earshot::kit::Parameters;

namespace {

constexpr std::int64_t kernel = 3;  // of the convolutions over a frame, on either axis

}  // namespace

Layer::Layer(std::int64_t in, std::int64_t out, Parameters& parameters, const std::string& linear,
             const std::string& norm)
    : weight_(parameters.add(linear + ".weight", {out, in}, Initial::fan_in(in))),
      bias_(parameters.add(linear + ".bias", {out}, Initial::fan_in(in))),
      norm_(out, parameters, norm) {}

at::Tensor Layer::normalised(const at::Tensor& x, bool training) const {
  if (training) BatchNorm::check_clips(x.size(0));
  return norm_(at::linear(x, weight_, bias_), training);
}

at::Tensor Layer::operator()(const at::Tensor& x, bool training, double dropout) const {
  return at::dropout(normalised(x, training).relu(), dropout, training);
}

Model::Model(const Sizes& sizes, Parameters& parameters) : sizes_(sizes) {
  if (sizes.has(Modality::video)) add_video(parameters);
  if (sizes.has(Modality::audio)) audio_.emplace(sizes.audio, parameters, "audio_encoder.");
  if (sizes.has(Modality::text)) {
    text_.emplace_back(sizes.text_inputs, sizes.text_hidden, parameters, "text_encoder.fc1",
                       "text_encoder.bn1");
    text_.emplace_back(sizes.text_hidden, sizes.text_outputs, parameters, "text_encoder.fc2",
                       "text_encoder.bn2");
  }
  const auto add_deep = [&](std::int64_t in, std::int64_t out, const std::string& name) {
    deep_.emplace_back(in, out, parameters, name + ".0", name + ".1");
  };
  add_deep(sizes.pooled(), sizes.pooled(), "feature_conv");
  add_deep(sizes.pooled(), sizes.layer5, "layer5");
  add_deep(sizes.layer5, sizes.layer6, "layer6");
  add_deep(sizes.layer6, sizes.bottleneck, "layer7_bottleneck");
}

void Model::add_video(Parameters& parameters) {
  auto in = sizes_.channels;
  for (const auto out : sizes_.filters) {
    const auto number = std::to_string(convolutions_.size() + 1);
    const auto conv = "video_encoder.conv" + number;
    const auto initial = Initial::fan_in(in * kernel * kernel);
    convolutions_.push_back(
        {.weight = parameters.add(conv + ".weight", {out, in, kernel, kernel}, initial),
         .bias = parameters.add(conv + ".bias", {out}, initial),
         .norm = BatchNorm(out, parameters, "video_encoder.bn" + number)});
    in = out;
  }
  const auto flat = sizes_.flat();
  video_weight_ = parameters.add("video_encoder.fc.weight", {sizes_.video_outputs, flat},
                                 Initial::fan_in(flat));
  video_bias_ =
      parameters.add("video_encoder.fc.bias", {sizes_.video_outputs}, Initial::fan_in(flat));
}

at::Tensor Model::video(const at::Tensor& frames, const Mode& mode) const {
  auto x = frames;
  for (const auto& layer : convolutions_)
    x = layer
            .norm(at::conv2d(x, layer.weight, layer.bias, /*stride=*/2, /*padding=*/kernel / 2),
                  mode.training)
            .relu();
  x = at::linear(x.flatten(1), video_weight_, video_bias_);
  return at::dropout(x, mode.dropout, mode.training).relu();
}

at::Tensor Model::audio(const earshot::kit::CodeNetwork::Source& source, const Mode& mode) const {
  const auto& network = audio_network();
  return mode.training ? network.train(source.values, source.lengths, mode.dropout)
                       : network.evaluate(source.values, source.lengths);
}

at::Tensor Model::text(const at::Tensor& features, const Mode& mode) const {
  auto x = features;
  for (const auto& layer : text_)
    x = layer(x, mode.training, mode.dropout);
  return x;
}

Model::Fused Model::fused(const at::Tensor& pooled, const Mode& mode) const {
  Fused fused;
  fused.layer4 = deep_[0](pooled, mode.training, mode.dropout);
  fused.layer5 = deep_[1](fused.layer4, mode.training, mode.deep_dropout);
  fused.layer6 = deep_[2](fused.layer5, mode.training, mode.deep_dropout);
  fused.bottleneck = deep_[3].normalised(fused.layer6, mode.training);
  return fused;
}

VoxelHead::VoxelHead(const Sizes& sizes, std::int64_t voxels, Parameters& parameters)
    : hidden_(sizes.bottleneck, sizes.voxel_hidden, parameters, "bottleneck_to_voxels.0",
              "bottleneck_to_voxels.1"),
      weight_(parameters.add("bottleneck_to_voxels.4.weight", {voxels, sizes.voxel_hidden},
                             Initial::fan_in(sizes.voxel_hidden))),
      bias_(parameters.add("bottleneck_to_voxels.4.bias", {voxels},
                           Initial::fan_in(sizes.voxel_hidden))) {}

at::Tensor VoxelHead::operator()(const at::Tensor& bottleneck, const Mode& mode) const {
  return at::linear(hidden_(bottleneck, mode.training, mode.deep_dropout), weight_, bias_);
}

}  // namespace multimodal
