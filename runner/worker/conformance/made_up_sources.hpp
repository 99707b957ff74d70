#pragma once
#include <cstdint>
#include <vector>

#include <earshot/reader.hpp>

#include "worker/plugin/library.hpp"

namespace earshot::worker {

/// A clip that there is nothing of but what made-up sources give for it, which `number` decides.
struct MadeUpClip {
  std::int64_t number = 0;
  double seconds = 0;
};

/// Encoders that a reader might read, which nobody has written.
struct MadeUpSources {
  std::vector<SourceSpec> specs{};

  /// What they give for clips: features drawn from a normal distribution, codes drawn from their
  /// alphabets. Some round the number of frames up, others down.
  std::vector<SourceBatch> batch(const std::vector<MadeUpClip>& clips) const;
};

/// Sets of such sources, of different rates, widths and alphabets.
std::vector<MadeUpSources> made_up_sources(const std::vector<Reads>& reads);

/// Connects a reader to these, with LibTorch's default generator seeded first. @throws what it does
void connect_to(const MadeUpSources& sources, ComponentInstance& reader);

/// Connects to the first of made_up_sources() that the reader takes, which may refuse others
/// before.
/// @throws Finding (skipped) with its words when it refuses all.
MadeUpSources connect_to_made_up(ComponentInstance& reader);

/// All tensors of batches.
std::vector<at::Tensor> tensors_of(const std::vector<SourceBatch>& sources);

}  // namespace earshot::worker
