#include <algorithm>
#include <vector>

#include <ATen/ATen.h>

#include <lib/models/stream.hpp>

#include "rows.hpp"

namespace earshot::kit {

at::Tensor& Stream::next() {
  if (at_ == slots_.size()) slots_.emplace_back();
  return slots_[at_++];
}

at::Tensor in_tiles(const at::Tensor& x, std::int64_t tile,
                    const std::function<at::Tensor(const at::Tensor&, Stream*)>& step,
                    Stream* stream) {
  const auto length = x.size(-1);
  if (stream == nullptr && length < 2 * tile) return step(x, nullptr);
  Stream own;
  if (stream == nullptr) stream = &own;
  const auto place = stream->place();
  std::vector<at::Tensor> results;
  for (std::int64_t begin = 0; begin < length; begin += tile) {
    stream->return_to(place);
    results.push_back(step(x.narrow(-1, begin, std::min(tile, length - begin)), stream));
  }
  if (results.size() == 1) return results.front();
  if (!lies_by_rows(results.front())) return at::cat(results, -1);
  for (auto& result : results)
    result = result.transpose(1, 2);
  return at::cat(results, 1).transpose(1, 2);
}

}  // namespace earshot::kit
