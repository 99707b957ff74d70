#include "worker/dataset/listing.hpp"

#include <set>
#include <unordered_set>

#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"
#include "shared/enum_names.hpp"

namespace earshot::worker {

namespace {

/// Finds two items with one id among a million without keeping the ids: equal hashes are looked at
/// again.
void check_unique(const Dataset& dataset,
                  std::vector<std::pair<std::size_t, std::int64_t>> hashes) {
  std::sort(hashes.begin(), hashes.end());
  for (std::size_t i = 1; i < hashes.size(); ++i) {
    if (hashes[i].first != hashes[i - 1].first) continue;
    const auto first = hashes[i - 1].second, second = hashes[i].second;
    const auto id = dataset.item(first).id;
    if (id == dataset.item(second).id)
      throw ContractError("items " + std::to_string(first) + " and " + std::to_string(second) +
                          " have the id '" + id + "'; ids must differ");
  }
}

protocol::LabelInfo info_of(const LabelSpec& spec) {
  return {spec.name, type_name(spec), spec.unit, spec.classes};
}

class Listing {
 public:
  explicit Listing(const Dataset& dataset) : dataset_(dataset) {
    for (const auto& spec : dataset.labels())
      info_.labels.push_back(info_of(spec));
    for (const auto& [role, dimension] : dataset.slice_roles())
      info_.slice_roles[shared::name_of(role, shared::slice_role_names)] = dimension;
    for (const auto& source : dataset.sources())
      info_.sources.push_back(protocol::path_text(std::filesystem::absolute(source)));
  }

  void add(const Item& item, std::int64_t index) {
    ids_.emplace_back(std::hash<std::string>()(item.id), index);
    ++(item.split == Split::train        ? info_.train
       : item.split == Split::validation ? info_.validation
                                         : info_.test);
    if (item.fold > 0) folds_.insert(item.fold);
    if (item.fold == 0 && item.split == Split::test && test_without_fold_.empty())
      test_without_fold_ = item.id;
    for (const auto& [dimension, value] : item.slices)
      ++slices_[dimension][value];
    for (const auto& [dimension, value] : item.groups)
      groups_[dimension].insert(std::hash<std::string>()(value));
    for (const auto& clip : item.clips)
      info_.synthesized = info_.synthesized || clip.file.empty();
  }

  protocol::DatasetInfo finish() {
    check_unique(dataset_, std::move(ids_));
    if (!folds_.empty() && !test_without_fold_.empty())
      throw ContractError("item '" + test_without_fold_ +
                          "' is a test item of fold 0, while others have folds; expected a fold "
                          "for every test item, so that it is tested once");
    info_.items = dataset_.size();
    info_.folds.assign(folds_.begin(), folds_.end());
    info_.slices = slices_;
    for (const auto& [dimension, values] : groups_)
      info_.groups[dimension] = values.size();
    return std::move(info_);
  }

 private:
  const Dataset& dataset_;
  protocol::DatasetInfo info_{};
  std::vector<std::pair<std::size_t, std::int64_t>> ids_;
  std::set<std::int64_t> folds_;
  std::string test_without_fold_;
  std::map<std::string, std::map<std::string, std::int64_t>> slices_;
  std::map<std::string, std::unordered_set<std::size_t>> groups_;
};

}  // namespace

void ItemsHash::add(const Item& item, FileNumbers& files) {
  append_record(item, files, text_);
  fold(4 << 20);
}

void ItemsHash::fold(std::size_t keep) {
  if (text_.size() > keep) text_ = protocol::sha256(std::string_view(text_));
}

std::string ItemsHash::finish(const std::vector<LabelSpec>& labels) {
  for (const auto& spec : labels)
    text_ += protocol::canonical(protocol::Json(info_of(spec)));
  fold(0);
  return text_;
}

protocol::DatasetInfo list_dataset(const Dataset& dataset,
                                   const std::function<void(const std::filesystem::path&)>& file) {
  const auto labels = dataset.labels();
  check_labels(labels);
  check_slice_roles(dataset.slice_roles());
  Listing listing(dataset);
  ItemsHash hash;
  FileNumbers files;
  const auto size = item_count(dataset);
  for (std::int64_t i = 0; i < size; ++i) {
    const auto item = dataset.item(i);
    check_item(item, i, labels);
    for (const auto& clip : item.clips) {
      const auto known = files.count();
      if (files.of(clip.file) == known) file(clip.file);
    }
    hash.add(item, files);
    listing.add(item, i);
  }
  auto info = listing.finish();
  info.items_hash = hash.finish(labels);
  return info;
}

}  // namespace earshot::worker
