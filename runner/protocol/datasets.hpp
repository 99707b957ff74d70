#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/components.hpp"

// Datasets, and requests about them: the listing, the items, problems of the data, and items to
// listen to.

namespace earshot::protocol {

struct LabelInfo {
  std::string name{}, type{}, unit{};  ///< type: "class", "number", "set", "vector", "text"
  std::vector<std::string> classes{};
};
EARSHOT_FIELDS_OR_DEFAULTS(LabelInfo, name, type, unit, classes)

struct DatasetInfo {
  std::int64_t items = 0, train = 0, validation = 0, test = 0;
  std::vector<std::int64_t> folds{};  ///< numbers of the folds, ascending; empty without folds
  std::vector<LabelInfo> labels{};
  Json slices = Json::object();  ///< {dimension: {value: items}}
  /// Slice dimensions by their role, one of the SDK's such as "answer_origin".
  std::map<std::string, std::string> slice_roles{};
  Json groups = Json::object();        ///< {dimension: number of groups}
  std::vector<std::string> sources{};  ///< files and folders that determine the items
  std::string items_hash{};            ///< of all item records in order, files by their number
  bool synthesized = false;            ///< whether some clip has no file
};
EARSHOT_FIELDS_OR_DEFAULTS(DatasetInfo, items, train, validation, test, folds, labels, slices,
                           slice_roles, groups, sources, items_hash, synthesized)

/// What is in no item: files in a dataset's folders that look like audio, or rows of its tables.
struct LeftOut {
  std::int64_t found = 0;
  std::vector<std::string> examples{};  ///< "<path>: <reason>", "<file>:<line>: <reason>"
};
EARSHOT_FIELDS_OR_DEFAULTS(LeftOut, found, examples)

/// Both kinds.
struct LeftOuts {
  LeftOut files{}, rows{};
};
EARSHOT_FIELDS_OR_DEFAULTS(LeftOuts, files, rows)

/// For people: "4 files or links that look like audio, such as <example>", "1 row, such as ...", of
/// the kinds that were found.
std::vector<std::string> described(const LeftOuts& left_out);

struct DatasetRequest {
  ComponentRef component{};
};
EARSHOT_FIELDS(DatasetRequest, component)

/// The fields of DatasetInfo, and `left_out`.
struct DatasetResult {
  DatasetInfo info{};
  LeftOuts left_out{};
};
template <class Self, class Visit>
requires std::same_as<std::remove_const_t<Self>, DatasetResult>
void each_field(Self& self, const Visit& visit) {
  each_field(self.info, visit);
  visit("left_out", self.left_out);
}
EARSHOT_JSON(DatasetResult)

/// A dataset for a stage: the component, and what the host does to its items.
struct DatasetRef {
  ComponentRef component{};
  std::string key{};       ///< fingerprint of items and content
  std::int64_t fold = 0;   ///< this fold is the test split, the others train; 0: splits as given
  std::int64_t limit = 0;  ///< maximum number of items in each split, evenly spread; 0: all
  double validation = 0;   ///< share of the training groups to validate on, if no item validates
  bool shuffle_labels = false;  ///< the random-label control
  std::string file_hashes{};    ///< file with the list of audio files, see file_list.hpp; or ""
  std::int64_t allow_lost = 0;  ///< maximum number of unreadable clips; with more, a stage fails
  std::string items_hash{};     ///< as planned; other items are refused. "": any are accepted
  std::string files_digest{};   ///< content_digest() as planned, likewise
};
EARSHOT_FIELDS_OR_DEFAULTS(DatasetRef, component, key, fold, limit, validation, shuffle_labels,
                           file_hashes, allow_lost, items_hash, files_digest)

struct ItemsRequest {
  DatasetRef dataset{};
};
EARSHOT_FIELDS(ItemsRequest, dataset)

struct ItemsResult {};
EARSHOT_FIELDS(ItemsResult)

/// The question of an item.
struct QuestionRow {
  std::string text{};
  std::vector<std::string> choices{}, answers{};
};
EARSHOT_FIELDS(QuestionRow, text, choices, answers)

/// An item, as stored in the results file. Travels as [id, groups, slices, labels, question or
/// null].
struct ItemRow {
  std::string id{};
  std::map<std::string, std::string> groups{}, slices{};  ///< by dimension
  Json labels = Json::object();                           ///< {label: truth}
  OrNull<QuestionRow> question{};
};
void to_json(Json& json, const ItemRow& row);
void from_json(const Json& json, ItemRow& row);

struct LintRequest {
  ComponentRef dataset{};
  std::uint64_t examples = 0;  ///< how many findings of a check to show
};
EARSHOT_FIELDS(LintRequest, dataset, examples)

struct LintCheck {
  std::string check{}, meaning{};  ///< "duplicate_choices", "questions with a duplicate choice"
  std::int64_t found = 0;
  std::vector<std::string> examples{};  ///< the first findings
};
EARSHOT_FIELDS_OR_DEFAULTS(LintCheck, check, meaning, found, examples)

struct LintFile {
  std::string path{};
  std::int64_t part = 0;  ///< of its first use: split 0 to 2, or from 3 on a fold
};
EARSHOT_FIELDS_OR_DEFAULTS(LintFile, path, part)

struct LintResult {
  std::int64_t items = 0;
  std::vector<LintCheck> checks{};
  std::vector<std::string> applying{};  ///< names of the checks that apply to this data
};
EARSHOT_FIELDS(LintResult, items, checks, applying)

struct ListenRequest {
  ComponentRef dataset{};
  std::int64_t count = 20, seed = 0;
  std::string folder{};  ///< where to write items as WAV, and items.csv
};
EARSHOT_FIELDS(ListenRequest, dataset, count, seed, folder)

struct ListenResult {
  std::vector<std::string> files{};  ///< files that were written, including items.csv
  std::int64_t items = 0;            ///< number of items in the dataset
  /// By slice dimension and value: how many were drawn, and how many there are.
  std::map<std::string, std::map<std::string, std::pair<std::int64_t, std::int64_t>>> drawn{};
};
EARSHOT_FIELDS(ListenResult, files, items, drawn)

struct AudioRequest {
  DatasetRef dataset{};
  std::vector<std::int64_t> items{};  ///< positions in the dataset
  std::string folder{};               ///< where to write their audio; it exists
};
EARSHOT_FIELDS(AudioRequest, dataset, items, folder)

/// The audio of an item.
struct ItemAudio {
  std::vector<std::string> files{};  ///< FLAC of 16 bits, one for each of its clips
  std::string lost{};                ///< why it cannot be read, and then there are no files; or ""
};
EARSHOT_FIELDS(ItemAudio, files, lost)

struct AudioResult {
  std::vector<ItemAudio> items{};  ///< in the order of the request
};
EARSHOT_FIELDS(AudioResult, items)

}  // namespace earshot::protocol
