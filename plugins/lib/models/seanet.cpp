#include <algorithm>
#include <functional>
#include <numeric>

#include <ATen/ATen.h>

#include <lib/models/elu.hpp>
#include <lib/models/seanet.hpp>

#include <earshot/error.hpp>

#include "rows.hpp"

namespace earshot::kit {

namespace {

std::string layer(const std::string& name, std::int64_t number) {
  return name + ".layers." + std::to_string(number);
}

/// The common options of all convolutions of the network.
ConvolutionOptions shared(const SeanetOptions& o, std::int64_t in, std::int64_t out,
                          std::int64_t kernel, std::int64_t stride = 1) {
  return {.in = in,
          .out = out,
          .kernel = kernel,
          .stride = stride,
          .causal = o.causal,
          .padding = o.padding,
          .norm = o.norm,
          .trim_right = o.trim_right};
}

ConvolutionOptions dilated(ConvolutionOptions options, std::int64_t dilation) {
  options.dilation = dilation;
  return options;
}

/// The residual blocks of a stage, with increasing dilation; `number` is that of the first one.
std::vector<SeanetResidual> residuals(const SeanetOptions& o, std::int64_t width,
                                      Parameters& parameters, const std::string& name,
                                      std::int64_t& number) {
  std::vector<SeanetResidual> blocks;
  std::int64_t dilation = 1;
  for (std::int64_t i = 0; i < o.residual_layers; ++i, dilation *= o.dilation_growth)
    blocks.emplace_back(o, width, dilation, parameters, layer(name, number++));
  return blocks;
}

/// Number of embeddings in a tile of the narrow stages. Their layers are fastest while a tile stays
/// in the cache; the wide ones have large weights, which are better read once for many positions.
std::int64_t frames_in_tile(const SeanetOptions& o) {
  constexpr std::int64_t samples = 9600;  // measured with 32 to 64 channels
  std::int64_t reach = std::max({o.kernel, o.last_kernel, o.residual_kernel});
  for (std::int64_t i = 1; i < o.residual_layers; ++i)
    reach *= o.dilation_growth;
  return std::max(samples / o.hop(), o.padding == Padding::reflect ? reach + 1 : 1);
}

bool is_narrow(std::int64_t width) {
  return width < 256;
}

}  // namespace

std::int64_t SeanetOptions::hop() const {
  return std::accumulate(ratios.begin(), ratios.end(), std::int64_t{1}, std::multiplies<>());
}

bool SeanetOptions::streams() const {
  return causal && norm != ConvolutionNorm::time_group && trim_right == 1;
}

std::int64_t SeanetOptions::stretch() const {
  constexpr std::int64_t samples = 240'000;  // bounds memory; larger is not faster
  const auto frames = std::max(samples / hop(), frames_in_tile(*this));
  return frames + frames % 2;
}

SeanetOptions seanet_options(const ModelConfig& config) {
  SeanetOptions o{.channels = config.get<std::int64_t>("audio_channels"),
                  .width = config.get<std::int64_t>("hidden_size"),
                  .filters = config.get<std::int64_t>("num_filters"),
                  .kernel = config.get<std::int64_t>("kernel_size"),
                  .last_kernel = config.get<std::int64_t>("last_kernel_size"),
                  .residual_kernel = config.get<std::int64_t>("residual_kernel_size"),
                  .residual_layers = config.get<std::int64_t>("num_residual_layers"),
                  .dilation_growth = config.get<std::int64_t>("dilation_growth_rate"),
                  .compress = config.get<std::int64_t>("compress"),
                  .lstm_layers = 0,
                  .ratios = config.get<std::vector<std::int64_t>>("upsampling_ratios"),
                  .causal = config.get<bool>("use_causal_conv"),
                  .convolution_shortcut = config.get<bool>("use_conv_shortcut"),
                  .padding = padding_from(config.get<std::string>("pad_mode")),
                  .trim_right = config.get<double>("trim_right_ratio", 1.0)};
  constexpr std::int64_t most = 1 << 20, most_growth = 16, most_layers = 8, most_ratios = 8;
  std::vector<std::int64_t> sizes{o.channels, o.width,           o.filters,         o.kernel,
                                  o.compress, o.residual_kernel, o.dilation_growth, o.last_kernel};
  double hop = 1;
  for (const auto ratio : o.ratios) {
    sizes.push_back(ratio);
    hop *= static_cast<double>(ratio);
  }
  const bool sensible =
      std::all_of(sizes.begin(), sizes.end(), [](std::int64_t n) { return n >= 1 && n <= most; }) &&
      !o.ratios.empty() && o.ratios.size() <= most_ratios && hop <= most &&
      o.residual_layers >= 0 && o.residual_layers <= most_layers &&
      o.dilation_growth <= most_growth && o.compress <= o.filters && o.trim_right >= 0 &&
      o.trim_right <= 1;
  if (!sensible)
    throw DataError(config.place() +
                    ": invalid sizes for the network; expected integers of at least 1, at most 8 "
                    "upsampling_ratios with a product of at most 1048576, 8 residual layers and a "
                    "dilation_growth_rate of 16. Download the file again");
  return o;
}

void add_seanet(const SeanetOptions& o, ConfigText& config) {
  config.add("audio_channels", o.channels)
      .add("hidden_size", o.width)
      .add("num_filters", o.filters)
      .add("kernel_size", o.kernel)
      .add("last_kernel_size", o.last_kernel)
      .add("residual_kernel_size", o.residual_kernel)
      .add("num_residual_layers", o.residual_layers)
      .add("dilation_growth_rate", o.dilation_growth)
      .add("compress", o.compress)
      .add("upsampling_ratios", o.ratios)
      .add("use_causal_conv", o.causal)
      .add("use_conv_shortcut", o.convolution_shortcut)
      .add("pad_mode", name_of(o.padding))
      .add("trim_right_ratio", o.trim_right);
}

SeanetResidual::SeanetResidual(const SeanetOptions& o, std::int64_t width, std::int64_t dilation,
                               Parameters& parameters, const std::string& name)
    : first_(dilated(shared(o, width, width / o.compress, o.residual_kernel), dilation), parameters,
             name + ".block.1"),
      second_(shared(o, width / o.compress, width, 1), parameters, name + ".block.3") {
  if (o.convolution_shortcut)
    shortcut_.emplace(shared(o, width, width, 1), parameters, name + ".shortcut");
}

at::Tensor SeanetResidual::forward(const at::Tensor& x, Stream* stream) const {
  auto y = first_.forward(x, stream, /*after_elu=*/true);
  return second_.forward_add(shortcut_ ? shortcut_->forward(x) : x, fast_elu_in_place(y));
}

SeanetEncoder::SeanetEncoder(const SeanetOptions& o, Parameters& parameters,
                             const std::string& name)
    : tile_(o.streams() ? frames_in_tile(o) * o.hop() : 0) {
  first_.emplace(shared(o, o.channels, o.filters, o.kernel), parameters, layer(name, 0));
  std::int64_t number = 1, width = o.filters;
  for (auto ratio = o.ratios.rbegin(); ratio != o.ratios.rend(); ++ratio, width *= 2) {
    auto blocks = residuals(o, width, parameters, name, number);
    ++number;  // ELU
    stages_.push_back(
        {std::move(blocks),
         {shared(o, width, 2 * width, 2 * *ratio, *ratio), parameters, layer(name, number++)}});
    if (is_narrow(width)) ++narrow_;
  }
  if (o.lstm_layers > 0)
    lstm_.emplace(width, o.lstm_layers, parameters, layer(name, number++) + ".lstm");
  ++number;  // ELU
  last_.emplace(shared(o, width, o.width, o.last_kernel), parameters, layer(name, number));
}

at::Tensor SeanetEncoder::run(const Stage& stage, at::Tensor x, Stream* stream) const {
  for (const auto& residual : stage.residuals)
    x = residual.forward(x, stream);
  return stage.down.forward(x, stream, /*after_elu=*/true);
}

at::Tensor SeanetEncoder::forward(const at::Tensor& audio, Stream* stream) const {
  const auto narrow = [&](const at::Tensor& part, Stream* memory) {
    auto y = first_->forward(by_rows(part), memory);
    for (std::size_t n = 0; n < narrow_; ++n)
      y = run(stages_[n], y, memory);
    return y;
  };
  auto x = tile_ > 0 ? in_tiles(audio, tile_, narrow, stream) : narrow(audio, stream);
  for (auto n = narrow_; n < stages_.size(); ++n)
    x = run(stages_[n], x, stream);
  if (lstm_) x = lstm_->forward(x, stream);
  return last_->forward(x, stream, /*after_elu=*/true);
}

SeanetDecoder::SeanetDecoder(const SeanetOptions& o, Parameters& parameters,
                             const std::string& name)
    : tile_(o.streams() ? frames_in_tile(o) : 0) {
  auto width = o.filters << o.ratios.size();
  first_.emplace(shared(o, o.width, width, o.kernel), parameters, layer(name, 0));
  std::int64_t number = 1;
  if (o.lstm_layers > 0)
    lstm_.emplace(width, o.lstm_layers, parameters, layer(name, number++) + ".lstm");
  for (const auto ratio : o.ratios) {
    ++number;  // ELU
    TransposedConvolution up(shared(o, width, width / 2, 2 * ratio, ratio), parameters,
                             layer(name, number++));
    width /= 2;
    stages_.push_back({std::move(up), residuals(o, width, parameters, name, number)});
    if (is_narrow(width)) continue;
    ++wide_;
    tile_ *= ratio;
  }
  ++number;  // ELU
  last_.emplace(shared(o, width, o.channels, o.last_kernel), parameters, layer(name, number));
}

at::Tensor SeanetDecoder::run(const Stage& stage, const at::Tensor& input, Stream* stream) const {
  auto x = stage.up.forward(fast_elu(input), stream);
  for (const auto& residual : stage.residuals)
    x = residual.forward(x, stream);
  return x;
}

at::Tensor SeanetDecoder::forward(const at::Tensor& embeddings, Stream* stream) const {
  auto x = first_->forward(embeddings, stream);
  if (lstm_) x = lstm_->forward(x, stream);
  for (std::size_t n = 0; n < wide_; ++n)
    x = run(stages_[n], x, stream);
  const auto narrow = [&](const at::Tensor& part, Stream* memory) {
    auto y = part;
    for (auto n = wide_; n < stages_.size(); ++n)
      y = run(stages_[n], y, memory);
    return last_->forward(y, memory, /*after_elu=*/true);
  };
  return tile_ > 0 ? in_tiles(x, tile_, narrow, stream) : narrow(x, stream);
}

}  // namespace earshot::kit
