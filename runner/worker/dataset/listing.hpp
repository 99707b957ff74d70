#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <earshot/dataset.hpp>

#include "protocol/datasets.hpp"
#include "worker/dataset/records.hpp"

namespace earshot::worker {

/// SHA-256 over all items of a dataset and its labels, a few megabytes of text at a time. Files
/// count by their number, so that their folder does not matter.
class ItemsHash {
 public:
  /// The next item; `files` numbers those of the items so far.
  void add(const Item& item, FileNumbers& files);
  /// After the last item. @param labels as the dataset gives them
  std::string finish(const std::vector<LabelSpec>& labels);

 private:
  void fold(std::size_t keep);
  std::string text_ = "items";
};

/// Reads all items of a dataset once, checks them, and counts what a plan needs to know. Every
/// audio file goes to `file`, once, in order of first use.
/// @throws ContractError naming the item that breaks a rule of earshot/dataset.hpp.
protocol::DatasetInfo list_dataset(const Dataset& dataset,
                                   const std::function<void(const std::filesystem::path&)>& file);

}  // namespace earshot::worker
