#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <earshot/lookup.hpp>

#include "protocol/stages.hpp"
#include "worker/cache/feature_reader.hpp"
#include "worker/dataset/view.hpp"

// What a worker keeps from one request to the next, since it serves many cells of the same dataset
// and encoder.

namespace earshot::worker {

struct OpenDataset {
  explicit OpenDataset(const protocol::DatasetRef& ref);

  /// Opened once. @throws DataError as FeatureReader's constructor does.
  std::shared_ptr<const FeatureReader> features(const std::string& cache,
                                                const std::string& source_key);

  DatasetView view;
  std::vector<std::string> identities{};  ///< of view.clips()
  std::map<std::string, std::shared_ptr<const FeatureReader>> readers{};
};

/// The dataset, kept open until eight others have been used since.
std::shared_ptr<OpenDataset> open_dataset(const protocol::DatasetRef& ref);

/// An encoder for reading only: what it gives must not depend on who used it before.
ComponentInstance open_encoder(const protocol::ComponentRef& ref, c10::Device device);

/// Whether all that a cell is made of is still as it was planned. @throws FileChanged
void check_unchanged(const protocol::CellRequest& request);

/// Closes all encoders but these: the next features request uses others.
void keep_encoders(const std::vector<protocol::ComponentRef>& refs, c10::Device device);

/// What the dataset calls each of its clips.
std::vector<ClipName> clip_names(const DatasetView& view);

/// The file of a clip, or "clip 0 of item 12" for one that is synthesized.
std::string clip_name(const ClipSource& clip);

/// @throws DataError listing the first of them if `lost` are more than the dataset allows.
void check_lost(const std::vector<protocol::LostClip>& lost, std::int64_t clips,
                std::int64_t allowed);

}  // namespace earshot::worker
