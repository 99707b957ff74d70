#include "picture_decoder.hpp"

#include <cmath>

#include <ATen/ATen.h>

namespace htsat {

PictureDecoder::PictureDecoder(std::int64_t width, std::int64_t side, c10::Device device)
    : side_(side) {
  const auto bound = 1 / std::sqrt(static_cast<double>(width));
  const auto drawn = [&](at::IntArrayRef sizes) {
    // On the CPU, so that every device starts from the same numbers.
    return at::empty(sizes, at::kFloat).uniform_(-bound, bound).to(device).requires_grad_(true);
  };
  weight_ = drawn({side * side, width});
  bias_ = drawn({side * side});
  parameters_ = {{"decoder.weight", weight_}, {"decoder.bias", bias_}};
}

earshot::Losses PictureDecoder::loss(const at::Tensor& tokens, const at::Tensor& picture) const {
  const auto clips = picture.size(0);
  const auto rows = picture.size(2) / side_, columns = picture.size(3) / side_;
  const auto squares =
      picture.view({clips, rows, side_, columns, side_}).transpose(2, 3).flatten(3).flatten(1, 2);
  const auto drawn = at::linear(tokens, weight_, bias_).to(at::kFloat);
  const auto error = (drawn - squares).square().mean();
  return {.total = error,
          .parts = {{"picture_error", error.detach()}},
          .weight = static_cast<double>(clips)};
}

}  // namespace htsat
