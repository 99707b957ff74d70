#include "cache.hpp"

#include <algorithm>
#include <limits>

#include <ATen/ATen.h>

namespace llama {

Cache::Cache(const Architecture& a, std::int64_t sequences, std::int64_t positions,
             c10::Device device)
    : lengths_(static_cast<std::size_t>(sequences), 0) {
  const auto options = at::TensorOptions(a.type).device(device);
  for (std::int64_t n = 0; n < a.layers; ++n)
    for (auto* side : {&keys_, &values_})
      side->push_back(
          at::zeros({sequences, positions, a.key_value_heads, a.rotary.width}, options));
}

void Cache::begin(std::int64_t layer, std::int64_t first, const std::vector<std::int64_t>& lengths,
                  const at::Tensor& keys, const at::Tensor& values) {
  const auto n = static_cast<std::size_t>(layer);
  std::int64_t from = 0, sequence = first;
  for (const auto length : lengths) {
    keys_[n][sequence].narrow(0, 0, length).copy_(keys.narrow(0, from, length));
    values_[n][sequence].narrow(0, 0, length).copy_(values.narrow(0, from, length));
    from += length;
    ++sequence;
  }
}

void Cache::begun(std::int64_t first, const std::vector<std::int64_t>& lengths) {
  std::copy(lengths.begin(), lengths.end(), lengths_.begin() + first);
}

std::int64_t Cache::longest() const {
  return *std::max_element(lengths_.begin(), lengths_.end());
}

at::Tensor Cache::next() {
  const auto needed = longest() + 1, capacity = keys_.front().size(1);
  if (needed > capacity) {
    constexpr std::int64_t more = 64;
    for (auto* side : {&keys_, &values_})
      for (auto& tensor : *side)
        tensor = at::constant_pad_nd(tensor, {0, 0, 0, 0, 0, more});
  }
  const auto device = keys_.front().device();
  next_ = at::tensor(lengths_, at::kLong).to(device);
  const auto places = at::arange(needed, next_.options());
  mask_ = at::zeros({next_.size(0), needed}, keys_.front().options())
              .masked_fill_(places > next_.unsqueeze(1), -std::numeric_limits<double>::infinity())
              .view({-1, 1, 1, needed});
  return next_;
}

std::pair<at::Tensor, at::Tensor> Cache::append(std::int64_t layer, const at::Tensor& keys,
                                                const at::Tensor& values) {
  const auto n = static_cast<std::size_t>(layer);
  const auto sequences = at::arange(next_.size(0), next_.options());
  const auto all = [&](at::Tensor& side, const at::Tensor& now) {
    side.index_put_({sequences, next_}, now);
    return side.narrow(1, 0, mask_.size(3)).transpose(1, 2);
  };
  return {all(keys_[n], keys), all(values_[n], values)};
}

void Cache::appended() {
  for (auto& length : lengths_)
    ++length;
}

void Cache::keep(const std::vector<std::int64_t>& sequences) {
  const auto kept = at::tensor(sequences, at::kLong).to(keys_.front().device());
  for (auto* side : {&keys_, &values_})
    for (auto& tensor : *side)
      tensor = tensor.index_select(0, kept);
  std::vector<std::int64_t> lengths;
  lengths.reserve(sequences.size());
  for (const auto sequence : sequences)
    lengths.push_back(lengths_[static_cast<std::size_t>(sequence)]);
  lengths_ = std::move(lengths);
}

}  // namespace llama
