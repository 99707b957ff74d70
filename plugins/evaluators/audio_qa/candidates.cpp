#include "candidates.hpp"

#include <algorithm>
#include <list>
#include <set>
#include <tuple>

#include <lib/text/answers.hpp>

#include <earshot/kit/random.hpp>

namespace audio_qa {

using earshot::Item;
using earshot::Split;

namespace {

struct Open {
  std::string slice{}, question{};
  std::uint64_t draw = 0;  ///< orders items with the same question
  std::int64_t index = 0;
  std::string gold{};
  std::set<std::string> clips{};

  auto order() const { return std::tie(slice, question, draw, index); }
};

std::set<std::string> clips_of(const Item& item) {
  std::set<std::string> clips;
  for (const auto* dimension : {"clip", "second_clip"})
    if (const auto found = item.groups.find(dimension); found != item.groups.end())
      clips.insert(found->second);
  for (const auto& clip : item.clips)
    if (!clip.file.empty()) clips.insert(clip.file.string());
  if (clips.empty()) clips.insert(item.id);
  return clips;
}

std::vector<Open> open_items(const earshot::Trial& trial, const std::string& dimension) {
  std::vector<Open> all;
  for (std::int64_t i = 0; i < trial.size(Split::test); ++i) {
    const auto item = trial.item(Split::test, i);
    if (!item.question || !item.question->choices.empty()) continue;
    const auto slice = item.slices.find(dimension);
    all.push_back({.slice = slice == item.slices.end() ? "" : slice->second,
                   .question = earshot::kit::normalized_answer(item.question->text),
                   .draw = earshot::kit::derive(0, item.id.c_str()),
                   .index = i,
                   .gold = item.question->answers.at(0),
                   .clips = clips_of(item)});
  }
  std::sort(all.begin(), all.end(),
            [](const Open& a, const Open& b) { return a.order() < b.order(); });
  return all;
}

bool share_a_clip(const Open& item, const std::vector<const Open*>& group) {
  return std::any_of(group.begin(), group.end(), [&](const Open* other) {
    return std::any_of(item.clips.begin(), item.clips.end(),
                       [&](const std::string& clip) { return other->clips.contains(clip); });
  });
}

}  // namespace

std::map<std::int64_t, std::vector<std::string>> candidates(const earshot::Trial& trial,
                                                            const std::string& dimension,
                                                            std::int64_t distractors) {
  // Far enough to find other clips among consecutive questions about one clip, near enough for
  // 100,000 items.
  constexpr std::size_t look_ahead = 256;
  const auto all = open_items(trial, dimension);
  std::list<const Open*> rest;
  for (const auto& item : all)
    rest.push_back(&item);
  std::map<std::int64_t, std::vector<std::string>> result;
  while (!rest.empty()) {
    std::vector<const Open*> group;
    std::size_t looked = 0;
    for (auto item = rest.begin();
         item != rest.end() && looked < look_ahead && std::ssize(group) <= distractors;) {
      ++looked;
      const bool fits =
          (group.empty() || (*item)->slice == group.front()->slice) && !share_a_clip(**item, group);
      if (fits) group.push_back(*item);
      item = fits ? rest.erase(item) : std::next(item);
    }
    std::set<std::string> golds;
    for (const auto* item : group)
      golds.insert(item->gold);
    if (golds.size() < 2) continue;
    for (const auto* item : group)
      result[item->index] = {golds.begin(), golds.end()};
  }
  return result;
}

}  // namespace audio_qa
