#include "worker/stage/cell_items.hpp"

#include <set>

namespace earshot::worker {

CellItems::CellItems(std::shared_ptr<OpenDataset> dataset, const std::vector<std::string>& reasons)
    : dataset_(std::move(dataset)) {
  const auto& view = dataset_->view;
  std::set<std::int64_t> used, lost;
  for (const auto split : {Split::train, Split::validation, Split::test})
    for (std::int64_t i = 0; i < view.size(split); ++i) {
      bool complete = true;
      for (const std::int64_t clip : {0, 1}) {
        const auto number = view.clip_number(view.position(split, i), clip);
        if (number < 0) continue;
        used.insert(number);
        if (reasons.at(static_cast<std::size_t>(number)).empty()) continue;
        lost.insert(number);
        complete = false;
      }
      if (complete) kept_[static_cast<std::size_t>(split)].push_back(i);
    }
  for (const auto number : lost) {
    const auto index = static_cast<std::size_t>(number);
    lost_.push_back({clip_name(view.clips()[index]), reasons[index]});
  }
  check_lost(lost_, static_cast<std::int64_t>(used.size()), view.ref().allow_lost);
}

std::int64_t CellItems::size(Split split) const {
  return static_cast<std::int64_t>(kept_[static_cast<std::size_t>(real(split))].size());
}

std::int64_t CellItems::declared(Split split) const {
  return dataset_->view.size(real(split));
}

std::int64_t CellItems::kept(Split split, std::int64_t index) const {
  if (index < 0 || index >= size(split))
    throw ContractError("item " + std::to_string(index) + " of a split; allowed: 0 to " +
                        std::to_string(size(split) - 1));
  return kept_[static_cast<std::size_t>(real(split))][static_cast<std::size_t>(index)];
}

std::int64_t CellItems::position(Split split, std::int64_t index) const {
  return dataset_->view.position(real(split), kept(split, index));
}

Item CellItems::item(Split split, std::int64_t index) const {
  auto item = dataset_->view.item(real(split), kept(split, index));
  item.split = split;
  return item;
}

std::vector<std::int64_t> CellItems::clips(Split split, at::IntArrayRef items,
                                           std::int64_t clip) const {
  if (items.empty()) throw ContractError("no items are requested; expected at least one");
  std::vector<std::int64_t> numbers;
  for (const auto index : items) {
    numbers.push_back(dataset_->view.clip_number(position(split, index), clip));
    if (numbers.back() < 0)
      throw DataError("item '" + item(split, index).id + "' has no clip " + std::to_string(clip));
  }
  return numbers;
}

}  // namespace earshot::worker
