#include <algorithm>
#include <map>

#include <ATen/ATen.h>

#include <lib/models/by_length.hpp>

namespace earshot::kit {

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

at::Tensor pick(const at::Tensor& batch, const std::vector<std::int64_t>& clips) {
  return batch.index_select(0, at::tensor(clips, at::kLong).to(batch.device()));
}

Padded padded(const std::vector<at::Tensor>& rows) {
  std::vector<std::int64_t> lengths;
  lengths.reserve(rows.size());
  for (const auto& row : rows)
    lengths.push_back(row.size(0));
  return {at::pad_sequence(rows, /*batch_first=*/true), at::tensor(lengths, at::kLong)};
}

Padded by_length(const at::Tensor& batch, const at::Tensor& lengths, std::int64_t most,
                 const std::function<at::Tensor(const at::Tensor& clips)>& work) {
  std::vector<at::Tensor> rows(static_cast<std::size_t>(batch.size(0)));
  each_length(lengths, most, [&](std::int64_t length, const std::vector<std::int64_t>& clips) {
    const auto results = work(pick(batch, clips).narrow(2, 0, length));
    for (std::size_t i = 0; i < clips.size(); ++i)
      rows[static_cast<std::size_t>(clips[i])] = results[static_cast<std::int64_t>(i)];
  });
  return padded(rows);
}

}  // namespace earshot::kit
