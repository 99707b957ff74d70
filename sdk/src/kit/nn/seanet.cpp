#include <algorithm>
#include <functional>
#include <numeric>

#include <ATen/ATen.h>

#include <earshot/error.hpp>
#include <earshot/kit/nn/seanet.hpp>

namespace earshot::kit {

namespace {

std::string layer(const std::string& name, std::int64_t number) {
  return name + ".layers." + std::to_string(number);
}

/// What all convolutions of the network have in common.
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

/// The residual blocks of a stage, with growing dilation; `number` is the first one's.
std::vector<SeanetResidual> residuals(const SeanetOptions& o, std::int64_t width,
                                      Parameters& parameters, const std::string& name,
                                      std::int64_t& number) {
  std::vector<SeanetResidual> blocks;
  std::int64_t dilation = 1;
  for (std::int64_t i = 0; i < o.residual_layers; ++i, dilation *= o.dilation_growth)
    blocks.emplace_back(o, width, dilation, parameters, layer(name, number++));
  return blocks;
}

}  // namespace

std::int64_t SeanetOptions::hop() const {
  return std::accumulate(ratios.begin(), ratios.end(), std::int64_t{1}, std::multiplies<>());
}

bool SeanetOptions::streams() const {
  return causal && norm != ConvolutionNorm::time_group && trim_right == 1;
}

std::int64_t SeanetOptions::tile() const {
  // Measured: some 10,000 samples of 32 to 64 channels stay in the cache.
  constexpr std::int64_t samples = 9600;
  std::int64_t reach = std::max({kernel, last_kernel, residual_kernel});
  for (std::int64_t i = 1; i < residual_layers; ++i)
    reach *= dilation_growth;
  const auto frames = std::max(samples / hop(), padding == Padding::reflect ? reach + 1 : 1);
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
                    ": its sizes make no network; expected whole numbers of 1 and more, at most 8 "
                    "upsampling_ratios with a product of at most 1048576, 8 residual layers and a "
                    "dilation_growth_rate of 16. Get the file again");
  return o;
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
  auto y = first_.forward(at::elu(x), stream);
  y = second_.forward(at::elu_(y), stream);
  return y.add_(shortcut_ ? shortcut_->forward(x, stream) : x);
}

SeanetEncoder::SeanetEncoder(const SeanetOptions& o, Parameters& parameters,
                             const std::string& name) {
  first_.emplace(shared(o, o.channels, o.filters, o.kernel), parameters, layer(name, 0));
  std::int64_t number = 1, width = o.filters;
  for (auto ratio = o.ratios.rbegin(); ratio != o.ratios.rend(); ++ratio, width *= 2) {
    auto blocks = residuals(o, width, parameters, name, number);
    ++number;  // ELU
    stages_.push_back(
        {std::move(blocks),
         {shared(o, width, 2 * width, 2 * *ratio, *ratio), parameters, layer(name, number++)}});
  }
  if (o.lstm_layers > 0)
    lstm_.emplace(width, o.lstm_layers, parameters, layer(name, number++) + ".lstm");
  ++number;  // ELU
  last_.emplace(shared(o, width, o.width, o.last_kernel), parameters, layer(name, number));
}

at::Tensor SeanetEncoder::forward(const at::Tensor& audio, Stream* stream) const {
  auto x = first_->forward(audio, stream);
  for (const auto& stage : stages_) {
    for (const auto& residual : stage.residuals)
      x = residual.forward(x, stream);
    x = stage.down.forward(at::elu_(x), stream);
  }
  if (lstm_) x = lstm_->forward(x, stream);
  return last_->forward(at::elu(x), stream);
}

SeanetDecoder::SeanetDecoder(const SeanetOptions& o, Parameters& parameters,
                             const std::string& name) {
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
  }
  ++number;  // ELU
  last_.emplace(shared(o, width, o.channels, o.last_kernel), parameters, layer(name, number));
}

at::Tensor SeanetDecoder::forward(const at::Tensor& embeddings, Stream* stream) const {
  auto x = first_->forward(embeddings, stream);
  if (lstm_) x = lstm_->forward(x, stream);
  for (const auto& stage : stages_) {
    x = stage.up.forward(at::elu(x), stream);
    for (const auto& residual : stage.residuals)
      x = residual.forward(x, stream);
  }
  return last_->forward(at::elu(x), stream);
}

}  // namespace earshot::kit
