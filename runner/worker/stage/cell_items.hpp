#pragma once
#include <array>
#include <memory>
#include <vector>

#include "worker/stage/opened.hpp"

namespace earshot::worker {

/// The items of a cell's splits of which no clip is lost.
class CellItems {
 public:
  /// @param reasons  of each clip of the dataset why it is lost; "" when it is not
  /// @throws DataError if more clips are lost than the dataset allows.
  CellItems(std::shared_ptr<OpenDataset> dataset, const std::vector<std::string>& reasons);

  /// While validating, Split::test means the validation items.
  void validate(bool on) { validating_ = on; }

  std::int64_t size(Split split) const;
  std::int64_t declared(Split split) const;  ///< with those that have lost clips
  std::int64_t position(Split split, std::int64_t index) const;  ///< in the dataset
  Item item(Split split, std::int64_t index) const;
  /// Numbers of the clips `clip` of items. @throws DataError if one has no such clip.
  std::vector<std::int64_t> clips(Split split, at::IntArrayRef items, std::int64_t clip) const;

  const OpenDataset& dataset() const { return *dataset_; }
  const std::vector<protocol::LostClip>& lost() const { return lost_; }

 private:
  Split real(Split split) const {
    return validating_ && split == Split::test ? Split::validation : split;
  }
  std::int64_t kept(Split split, std::int64_t index) const;

  std::shared_ptr<OpenDataset> dataset_;
  bool validating_ = false;
  std::array<std::vector<std::int64_t>, 3> kept_;  ///< indices in the view's splits
  std::vector<protocol::LostClip> lost_;           ///< of items in any split
};

}  // namespace earshot::worker
