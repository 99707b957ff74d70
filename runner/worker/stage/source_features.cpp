#include "worker/stage/source_features.hpp"

#include <algorithm>

#include <ATen/ATen.h>

#include "worker/plugin/connect.hpp"

namespace earshot::worker {

namespace {

SourceSpec spec_in(const FeatureReader& cached, Reads reads) {
  if (reads == Reads::codes) return cached.code_spec();
  return cached.feature_spec();
}

void move_one(c10::Device device, FeatureBatch& batch) {
  batch.values = batch.values.to(device);
}

void move_one(c10::Device device, CodeBatch& batch) {
  batch.codes = batch.codes.to(device);
  if (batch.side.defined()) batch.side = batch.side.to(device);
}

}  // namespace

void move_to(c10::Device device, std::vector<SourceBatch>& sources) {
  for (auto& source : sources)
    std::visit([&](auto& batch) { move_one(device, batch); }, source);
}

SourceFeatures::SourceFeatures(OpenDataset& dataset, const std::string& cache,
                               const protocol::FeatureSource& source,
                               const std::vector<Reads>& reads)
    : reads_(reads) {
  const auto name = "encoder '" + source.encoder.component + "'";
  if (source.from.size() != reads.size() || source.encoder.sources.size() != reads.size())
    throw ConfigError(name + " gets " + std::to_string(source.from.size()) + " sources; expected " +
                      std::to_string(reads.size()));
  for (std::size_t i = 0; i < reads.size(); ++i) {
    readers_.push_back(dataset.features(cache, source.from[i].key));
    if (spec_in(*readers_.back(), reads[i]) != to_spec(source.encoder.sources[i]))
      throw ContractError(name + ": the " + name_of(reads[i]) + " of encoder '" +
                          source.from[i].encoder.component +
                          "' have another spec in the cache than that encoder gave when the "
                          "experiment was planned; expected a spec that never changes");
  }
}

const std::string& SourceFeatures::lost(std::int64_t clip) const {
  static const std::string in_none;
  for (const auto& reader : readers_)
    if (const auto& reason = reader->lost(clip); !reason.empty()) return reason;
  return in_none;
}

double SourceFeatures::seconds(std::int64_t clip) const {
  double longest = 0;
  for (const auto& reader : readers_)
    if (reader->frame_rate() > 0)
      longest = std::max(longest, static_cast<double>(reader->frames(clip)) / reader->frame_rate());
  return longest;
}

std::size_t SourceFeatures::batch_size(std::span<const std::int64_t> clips,
                                       std::size_t values) const {
  std::vector<std::int64_t> longest(readers_.size());
  std::size_t size = 0;
  for (; size < clips.size(); ++size) {
    std::size_t of_clip = 0;  // padded to the longest
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      longest[i] = std::max(longest[i], readers_[i]->frames(clips[size]));
      of_clip += static_cast<std::size_t>(longest[i] * readers_[i]->width());
    }
    if (size > 0 && of_clip * (size + 1) > values) break;
  }
  return size;
}

std::vector<SourceSpec> SourceFeatures::specs() const {
  std::vector<SourceSpec> specs;
  for (std::size_t i = 0; i < readers_.size(); ++i)
    specs.push_back(spec_in(*readers_[i], reads_[i]));
  return specs;
}

std::vector<SourceBatch> SourceFeatures::batch(const std::vector<std::int64_t>& clips) const {
  std::vector<SourceBatch> batches;
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    if (reads_[i] == Reads::codes)
      batches.emplace_back(readers_[i]->codes(clips));
    else
      batches.emplace_back(readers_[i]->features(clips));
  }
  return batches;
}

}  // namespace earshot::worker
