#include <algorithm>
#include <vector>

#include <ATen/ATen.h>

#include <earshot/kit/nn/stream.hpp>

namespace earshot::kit {

at::Tensor& Stream::next() {
  if (at_ == slots_.size()) slots_.emplace_back();
  return slots_[at_++];
}

at::Tensor in_tiles(const at::Tensor& x, std::int64_t tile,
                    const std::function<at::Tensor(const at::Tensor&, Stream*)>& step) {
  const auto length = x.size(-1);
  if (length < 2 * tile) return step(x, nullptr);
  Stream stream;
  std::vector<at::Tensor> results;
  for (std::int64_t begin = 0; begin < length; begin += tile) {
    stream.rewind();
    results.push_back(step(x.narrow(-1, begin, std::min(tile, length - begin)), &stream));
  }
  return at::cat(results, -1);
}

}  // namespace earshot::kit
