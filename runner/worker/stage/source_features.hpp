#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <earshot/reader.hpp>

#include "worker/stage/opened.hpp"

namespace earshot::worker {

/// Puts what a reader reads on a device; lengths stay on the CPU.
void move_to(c10::Device device, std::vector<SourceBatch>& sources);

/// The features and codes of a dataset's clips that a reader reads, from the cache.
class SourceFeatures {
 public:
  /// @param reads  as the reader of `source` says
  /// @throws DataError if something is missing in the cache or damaged; ConfigError if these are
  /// not as many as it reads; ContractError if one has another spec than the reader is connected
  /// to; Unsupported if one is of the other kind.
  SourceFeatures(OpenDataset& dataset, const std::string& cache,
                 const protocol::FeatureSource& source, const std::vector<Reads>& reads);

  /// Why a clip is lost in one of them; "" when it is in none.
  const std::string& lost(std::int64_t clip) const;
  /// Of a clip in the longest of them that have a rate; 0 if none has.
  double seconds(std::int64_t clip) const;
  /// How many of these clips, one at least, have at most so many values with padding.
  std::size_t batch_size(std::span<const std::int64_t> clips, std::size_t values) const;
  /// In the order of the reader's sources.
  std::vector<SourceSpec> specs() const;
  /// A batch of each source, on the CPU. The memory may be the file's and must not be written to.
  std::vector<SourceBatch> batch(const std::vector<std::int64_t>& clips) const;

 private:
  std::vector<std::shared_ptr<const FeatureReader>> readers_{};
  std::vector<Reads> reads_;
};

}  // namespace earshot::worker
