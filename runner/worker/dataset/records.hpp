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

/// Audio files by number, in order of first use.
class FileNumbers {
 public:
  /// The number of a file; -1 for "" (synthesized). A file that is new gets the next one.
  std::int64_t of(const std::filesystem::path& file);
  /// The same for a clip: a synthesized one that is shared has a number of its own, from -2 down.
  std::int64_t of(const Clip& clip) {
    return clip.file.empty() && clip.shared >= 0 ? -2 - clip.shared : of(clip.file);
  }
  std::int64_t count() const { return static_cast<std::int64_t>(numbers_.size()); }

 private:
  std::unordered_map<std::string, std::int64_t> numbers_;
};

/// "class", "number", "set" or "vector".
std::string type_name(const Label& label);
/// The same, or "text": one without classes.
std::string type_name(const LabelSpec& spec);
/// A text, a number, an array of texts, or of a vector only its size in words.
protocol::Json to_json(const Label& label);
protocol::Json to_json(const std::map<std::string, Label>& labels);

/// Checks what the dataset says of its labels. @throws ContractError
void check_labels(const std::vector<LabelSpec>& labels);
/// Checks an item against the rules in earshot/dataset.hpp, all but the uniqueness of its id.
/// @throws ContractError naming item and field.
void check_item(const Item& item, std::int64_t index, const std::vector<LabelSpec>& labels);

/// All of an item as bytes that are equal only for equal items: texts with their length in front,
/// numbers as the shortest text that reads back, files by their number, so that the data's
/// folder does not matter.
void append_record(const Item& item, FileNumbers& files, std::string& to);

}  // namespace earshot::worker
