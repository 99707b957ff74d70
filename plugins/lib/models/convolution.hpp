#pragma once
#include <cstdint>
#include <string>

#include <lib/models/parameters.hpp>
#include <lib/models/stream.hpp>

namespace earshot::kit {

/// How a signal is extended beyond its ends: by zeros, its last value, or its mirror image.
enum class Padding { zeros, replicate, reflect };

/// @throws DataError unless `name` is "constant", "replicate" or "reflect", as in config.json.
Padding padding_from(const std::string& name);
const char* name_of(Padding padding);  ///< the same names

/// Pads the last dimension. As in EnCodec, a signal too short to be reflected (no longer than the
/// larger side) is first lengthened with zeros, which are cut off again afterwards.
at::Tensor pad(const at::Tensor& x, std::int64_t left, std::int64_t right, Padding mode);

/// How a convolution's weights or results are normalised: not at all, weight norm, or group norm
/// with one group over channels and time of the result.
enum class ConvolutionNorm { none, weight, time_group };

struct ConvolutionOptions {
  std::int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, groups = 1;
  bool causal = true;
  Padding padding = Padding::zeros;
  bool bias = true;
  ConvolutionNorm norm = ConvolutionNorm::none;
  double trim_right = 1;  ///< transposed and causal: share of the surplus that is cut on the right
};

/// Learnt tensors of a convolution; undefined if the options ask for none.
struct ConvolutionTensors {
  at::Tensor weight{};                    ///< shape: see the convolution
  at::Tensor bias{};                      ///< (out)
  at::Tensor norm_weight{}, norm_bias{};  ///< (out), of the following group norm
};

/// One-dimensional convolution of the neural codecs: ceil(T / stride) positions from T.
///
/// With k = (kernel - 1) dilation + 1 it pads k - stride positions, all of them on the left if
/// causal, otherwise the smaller half on the right; plus as many on the right as fill the last
/// step, so that no input is lost. (Defossez et al. 2022, "High Fidelity Neural Audio Compression",
/// and its code.)
class Convolution {
 public:
  /// Declares <name>.conv.weight (out, in / groups, kernel), .conv.bias, .norm.{weight,bias}.
  Convolution(const ConvolutionOptions& options, Parameters& parameters, const std::string& name);

  /// (B, in, T) to (B, out, ceil(T / stride)). With a stream: causal and without group norm only; T
  /// is a multiple of the stride except at the end, and the first segment is longer than k - stride
  /// if padding is reflected. `after_elu`: applied to elu(x).
  at::Tensor forward(const at::Tensor& x, Stream* stream = nullptr, bool after_elu = false) const;

  /// `other` plus forward(x), in one operation if that is a mere product. Stride 1.
  at::Tensor forward_add(const at::Tensor& other, const at::Tensor& x) const;

 private:
  struct TwoTaps {
    at::Tensor first{}, second{}, sum{};  ///< (out, stride in)
    std::int64_t version = 0;             ///< of the weight from which they were computed
  };

  at::Tensor convolved(const at::Tensor& x) const;  ///< x with all its padding
  at::Tensor convolved_by_rows(const at::Tensor& x) const;
  at::Tensor two_taps(const at::Tensor& x) const;
  bool is_product() const;

  ConvolutionOptions options_;
  ConvolutionTensors tensors_;
  mutable TwoTaps taps_{};  ///< computed when first needed
};

/// The counterpart: stride T positions from T. Of the kernel - stride surplus positions, a causal
/// one cuts ceil(trim_right surplus) on the right and the rest on the left, otherwise the smaller
/// half is cut on the right.
class TransposedConvolution {
 public:
  /// Declares <name>.conv.weight (in, out / groups, kernel), .conv.bias, .norm.{weight,bias}.
  TransposedConvolution(const ConvolutionOptions& options, Parameters& parameters,
                        const std::string& name);

  /// (B, in, T) to (B, out, stride T). With a stream: causal, trim_right 1, without group norm.
  at::Tensor forward(const at::Tensor& x, Stream* stream = nullptr) const;

 private:
  ConvolutionOptions options_;
  ConvolutionTensors tensors_;
};

}  // namespace earshot::kit
