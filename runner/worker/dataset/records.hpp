#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <earshot/dataset.hpp>

#include "protocol/json.hpp"

namespace earshot::worker {

/// Numbers audio files in the order of their first use.
class FileNumbers {
 public:
  /// The number of a file; -1 for "" (synthesized audio). A new file gets the next number.
  std::int64_t of(const std::filesystem::path& file);
  /// The same for a clip; synthesized clips that are shared have numbers from -2 downwards.
  std::int64_t of(const Clip& clip) {
    return clip.file.empty() && clip.shared >= 0 ? -2 - clip.shared : of(clip.file);
  }
  std::int64_t count() const { return static_cast<std::int64_t>(numbers_.size()); }

 private:
  std::unordered_map<std::string, std::int64_t> numbers_;
};

/// "class", "number", "set" or "vector".
std::string type_name(const Label& label);
/// The same, but "text" for a class label without classes.
std::string type_name(const LabelSpec& spec);
/// A text, a number, an array of texts, or for a vector only its shape, such as [3]: the results
/// file has no room for a hundred thousand values of each item, and takes what is no text for no
/// class.
protocol::Json to_json(const Label& label);
protocol::Json to_json(const std::map<std::string, Label>& labels);

/// The dataset's size(). @throws ContractError if it is negative
std::int64_t item_count(const Dataset& dataset);
/// Checks the dataset's slice_roles(). @throws ContractError
void check_slice_roles(const std::map<SliceRole, std::string>& roles);
/// Checks the dataset's labels(). @throws ContractError
void check_labels(const std::vector<LabelSpec>& labels);
/// Checks an item against all rules in earshot/dataset.hpp, except the uniqueness of its id.
/// @throws ContractError naming item and field.
void check_item(const Item& item, std::int64_t index, const std::vector<LabelSpec>& labels);

/// An item as bytes that are equal only for equal items: texts with their length in front, numbers
/// as the shortest text that reads back, files by their number, so that the folder of the data does
/// not matter.
void append_record(const Item& item, FileNumbers& files, std::string& to);

}  // namespace earshot::worker
