#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/datasets.hpp"
#include "protocol/file_list.hpp"
#include "worker/plugin/library.hpp"

namespace earshot::worker {

/// A distinct stretch of audio that items use: what features are computed of, once.
struct ClipSource {
  std::int64_t item = 0, clip = 0;  ///< the first item that uses it, for Dataset::synthesize
  Clip clip_info{};                 ///< file "" when synthesized
  std::int64_t file = -1;           ///< its number among the dataset's files; -1: it has none
  /// What its content is: SHA-256 over (file hash, start, duration), or for a synthesized clip over
  /// (dataset key, item, clip), or (dataset key, shared) of one that is shared.
  std::string identity{};
};

/// A dataset with what the host does to it, in this order:
///  fold           items of the fold are the test split, items of other folds train; an item
///                 without a fold keeps its split
///  validation     if no item validates: this share of the training items moves to the validation
///                 split, by whole groups, in an order drawn from the dataset's key
///  limit          the number of items kept of each split: one drawn from each of as many equal
///                 stretches
///  shuffle_labels the labels of training and validation items are permuted, drawn from the key;
///  test
///                 items keep theirs
/// Keeps indices only: the dataset is asked for items again when they are needed.
class DatasetView {
 public:
  /// Opens the dataset and reads all items once. Without `file_hashes` in the reference, or where
  /// these are damaged, the audio files are hashed here; without a key clips have no identity.
  /// @throws Error of the plugin; ConfigError if there is no such fold, or no label to shuffle;
  /// FileChanged when items or files are others than the reference says were planned.
  explicit DatasetView(const protocol::DatasetRef& ref);

  const protocol::DatasetRef& ref() const { return ref_; }
  Dataset& dataset() const { return *made_.as<Dataset>(); }
  /// Another object of the same dataset, for a second thread that synthesizes.
  ComponentInstance another() const;

  std::int64_t size(Split split) const;
  /// Index in the dataset of item `index` of the split.
  std::int64_t position(Split split, std::int64_t index) const;
  /// Labels shuffled when the reference asks for it (within the training and validation splits).
  Item item(Split split, std::int64_t index) const;
  LabelSpec label(std::string_view name) const;  ///< @throws ConfigError with the nearest name

  /// The dataset's distinct clips in order of first use, whatever fold or limit: features of all
  /// folds are one stage. With `limit` only those that the limited splits use.
  const std::vector<ClipSource>& clips() const { return clips_; }
  /// A clip's file as it was planned; null where nothing is, or the clip has no file.
  const protocol::ListedFile* planned(const ClipSource& clip) const {
    const auto known = clip.file >= 0 && clip.file < static_cast<std::int64_t>(files_.size());
    return known ? &files_[static_cast<std::size_t>(clip.file)] : nullptr;
  }
  /// Number in clips() of clip `clip` of an item by its position; -1 if it has no such clip.
  std::int64_t clip_number(std::int64_t position, std::int64_t clip) const;

 private:
  std::vector<std::int64_t>& items(Split split) { return splits_[static_cast<std::size_t>(split)]; }
  const std::vector<std::int64_t>& items(Split split) const {
    return splits_[static_cast<std::size_t>(split)];
  }
  void form_splits();
  void form_validation();
  void limit();
  void shuffle_labels();
  void find_clips();
  void identify_clips(const std::vector<std::filesystem::path>& files);

  protocol::DatasetRef ref_;
  ComponentInstance made_;
  std::vector<LabelSpec> labels_;
  std::array<std::vector<std::int64_t>, 3> splits_;
  std::vector<ClipSource> clips_;
  std::vector<protocol::ListedFile> files_;  ///< as planned, by number; without a key none
  std::vector<std::array<std::int64_t, 2>> clip_numbers_;
  std::vector<std::int64_t> label_source_;  ///< item whose labels an item shows; empty: its own
};

}  // namespace earshot::worker
