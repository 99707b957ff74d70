#include "worker/cache/feature_reader.hpp"

#include <algorithm>
#include <cstring>

#include <ATen/ATen.h>

#include "protocol/hash.hpp"

namespace earshot::worker {

namespace {

std::vector<std::int64_t> as_shape(std::initializer_list<std::int64_t> sizes) {
  return sizes;
}

}  // namespace

std::vector<std::string> shard_keys(const std::string& source_key,
                                    const std::vector<std::string>& identities) {
  std::vector<std::string> keys;
  for (std::size_t first = 0; first < identities.size(); first += clips_per_shard) {
    const auto last = std::min(identities.size(), first + clips_per_shard);
    auto content = source_key;
    for (auto i = first; i < last; ++i)
      content += "\n" + identities[i];
    keys.push_back(protocol::sha256(std::string_view(content)));
  }
  return keys;
}

std::filesystem::path shard_file(const std::filesystem::path& cache, const std::string& source_key,
                                 const std::string& shard_key) {
  return cache / "features" / source_key / (shard_key + ".shard");
}

FeatureReader::FeatureReader(const std::filesystem::path& cache, const std::string& source_key,
                             const std::vector<std::string>& identities)
    : size_(static_cast<std::int64_t>(identities.size())) {
  for (const auto& key : shard_keys(source_key, identities)) {
    const auto file = shard_file(cache, source_key, key);
    shards_.push_back(open_shard(file, key));
    if (!shards_.back())
      throw DataError(
          file.string() +
          ": these features are missing in the cache or damaged; run again to compute them");
  }
  if (shards_.empty())
    throw DataError("the dataset has no clips, so nothing can be read from the cache");
}

FeatureReader::Place FeatureReader::place(std::int64_t clip) const {
  const auto number = static_cast<std::size_t>(clip);
  return {shards_.at(number / clips_per_shard), number % clips_per_shard};
}

FeatureReader::Place FeatureReader::readable(std::int64_t clip) const {
  const auto found = place(clip);
  if (!found.clip().lost.empty()) throw DataError("the clip is lost: " + found.clip().lost);
  return found;
}

const std::string& FeatureReader::lost(std::int64_t clip) const {
  return place(clip).clip().lost;
}

std::int64_t FeatureReader::frames(std::int64_t clip) const {
  return place(clip).clip().frames;
}

FeatureSpec FeatureReader::feature_spec() const {
  if (header().dtype == "int32") throw Unsupported("the cell has codes instead of features");
  return {header().frame_rate, header().first_frame, header().width};
}

CodeSpec FeatureReader::code_spec() const {
  if (header().dtype != "int32") throw Unsupported("the cell has features instead of codes");
  return {header().frame_rate, header().first_frame, header().sizes};
}

at::Tensor FeatureReader::lengths(const std::vector<std::int64_t>& clips) const {
  auto result = at::empty({static_cast<std::int64_t>(clips.size())}, at::kLong);
  for (std::size_t b = 0; b < clips.size(); ++b)
    result.mutable_data_ptr<std::int64_t>()[b] = readable(clips[b]).clip().frames;
  return result;
}

FeatureBatch FeatureReader::features(const std::vector<std::int64_t>& clips) const {
  FeatureBatch batch{{}, lengths(clips), feature_spec()};
  const auto width = header().width;
  const bool half = header().dtype == "float16";
  if (clips.size() == 1 && !half) {
    const auto found = readable(clips[0]);
    batch.values = at::from_blob(
        const_cast<std::byte*>(found.values()), as_shape({1, found.clip().frames, width}),
        [shard = found.shard](void*) {}, at::kFloat);
    return batch;
  }
  const auto longest = batch.lengths.max().item<std::int64_t>();
  batch.values = at::empty({static_cast<std::int64_t>(clips.size()), longest, width}, at::kFloat);
  auto* out = batch.values.mutable_data_ptr<float>();
  for (const auto clip : clips) {
    const auto found = readable(clip);
    const auto count = found.clip().frames * width;
    if (half)
      std::copy_n(reinterpret_cast<const c10::Half*>(found.values()), count, out);
    else
      std::memcpy(out, found.values(), static_cast<std::size_t>(count) * sizeof(float));
    std::fill(out + count, out + longest * width, 0.0f);
    out += longest * width;
  }
  return batch;
}

CodeBatch FeatureReader::codes(const std::vector<std::int64_t>& clips) const {
  CodeBatch batch{{}, lengths(clips), code_spec(), {}};
  const auto size = static_cast<std::int64_t>(clips.size());
  const auto longest = batch.lengths.max().item<std::int64_t>();
  const auto width = header().width;
  std::int64_t side = 0;
  for (const auto clip : clips)
    side = std::max(side, readable(clip).clip().side);
  batch.codes = at::zeros({size, width, longest}, at::kLong);
  if (side > 0) batch.side = at::zeros({size, side}, at::kFloat);
  auto* out = batch.codes.mutable_data_ptr<std::int64_t>();
  for (std::int64_t b = 0; b < size; ++b) {
    const auto found = readable(clips[static_cast<std::size_t>(b)]);
    const auto frames = found.clip().frames;
    const auto* values = reinterpret_cast<const std::int32_t*>(found.values());
    for (std::int64_t q = 0; q < width; ++q, out += longest)
      std::copy_n(values + q * frames, frames, out);
    if (const auto own = found.clip().side; own > 0)
      std::memcpy(batch.side.mutable_data_ptr<float>() + b * side, values + width * frames,
                  static_cast<std::size_t>(own) * sizeof(float));
  }
  return batch;
}

}  // namespace earshot::worker
