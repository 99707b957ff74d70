#include <algorithm>
#include <map>
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

void each_length(
    const at::Tensor& lengths, std::int64_t most,
    const std::function<void(std::int64_t length, const std::vector<std::int64_t>& clips)>& work) {
  std::map<std::int64_t, std::vector<std::int64_t>> groups;
  for (std::int64_t b = 0; b < lengths.size(0); ++b)
    groups[lengths[b].item<std::int64_t>()].push_back(b);
  for (const auto& [length, clips] : groups)
    for (auto first = clips.begin(); first != clips.end();) {
      const auto last = first + std::min<std::int64_t>(most, clips.end() - first);
      work(length, {first, last});
      first = last;
    }
}

}  // namespace earshot::kit
