#pragma once
#include <cstddef>
#include <optional>
#include <string>

#include "host/report/item_sounds.hpp"
#include "host/report/page_data.hpp"

// Sounds and pictures of a page: those of samples are files that runs have left, those of items
// come from the dataset's plugin.

namespace earshot::host {

/// The bytes of a sample's file.
struct SampleBytes {
  std::string type{};  ///< "audio/flac", "audio/wav" or "image/png"
  std::string bytes{};
};

/// The file of a sample of these results with this content.
/// @throws Failure (usage) if it is of no sample, is gone, or is not what it was
SampleBytes sample_bytes(const Store& store, const std::string& sha256);

/// Puts sounds into the page: of samples, and of items on which runs disagree, in turn and in the
/// order of the page, until there are `most_items` samples and items. What would make `sounds`
/// longer than `room` bytes, or cannot be read, is left out; `sounds` says so.
void embed_sounds(PageData& data, const Store& store, ItemSounds& items, std::size_t most_items,
                  std::size_t room);

}  // namespace earshot::host
