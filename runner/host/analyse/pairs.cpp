#include "host/analyse/pairs.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

using SeedAndFold = std::pair<std::int64_t, std::int64_t>;
using Names = std::set<std::string>;

/// Cells of one side that differ from each other only in seed and fold.
struct Group {
  Labels hard{};  ///< axes on which a partner must have the same value, if it has any
  Labels soft{};  ///< axes that advance together with the compared axis
  std::map<SeedAndFold, const DesignCell*> cells{};
  std::int64_t position = 0;
};

Names names_of(const Labels& labels) {
  Names names;
  for (const auto& [axis, value] : labels)
    names.insert(axis);
  return names;
}

Names both(const Names& a, const Names& b) {
  Names common;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                        std::inserter(common, common.begin()));
  return common;
}

Names not_in_second(const Names& a, const Names& b) {
  Names rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(rest, rest.begin()));
  return rest;
}

std::vector<std::string> values_on(const Labels& labels, const Names& axes) {
  std::vector<std::string> values;
  for (const auto& axis : axes)
    values.push_back(labels.at(axis));
  return values;
}

/// Groups with the same axes.
struct Kind {
  Names hard{}, soft{};
  std::vector<const Group*> groups{};
};

/// One side of the comparison: its groups, and the axes that they lack.
class Side {
 public:
  Side(const Design& design, const std::string& axis, const std::string& value) {
    std::map<std::pair<Labels, Labels>, std::map<SeedAndFold, std::vector<const DesignCell*>>>
        found;
    for (const auto& cell : design.cells) {
      if (!axis.empty()) {
        const auto own = cell.axes.find(axis);
        if (own == cell.axes.end() || own->second != value) continue;
      }
      Labels hard = cell.axes, soft;
      hard.erase(axis);
      for (const auto& chosen : design.claims.select.over)
        hard.erase(chosen);
      for (const auto& partner : design.partners(cell, axis))
        if (const auto own = hard.extract(partner)) soft.insert({own.key(), own.mapped()});
      found[{hard, soft}][{cell.seed, cell.fold}].push_back(&cell);
    }
    for (const auto& [labels, cells] : found)
      add(design, labels, cells);
    for (auto& group : groups_) {
      auto& kind = kinds_[{names_of(group.hard), names_of(group.soft)}];
      std::tie(kind.hard, kind.soft) = std::pair(names_of(group.hard), names_of(group.soft));
      kind.groups.push_back(&group);
    }
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  const std::map<std::pair<Names, Names>, Kind>& kinds() const { return kinds_; }

  /// Whether no group that agrees with `group` on their common axes has a value on `axis`; `group`
  /// itself has none.
  bool lacks(const Group& group, const std::string& axis) {
    const auto own = names_of(group.hard);
    for (const auto& [names, kind] : kinds_) {
      if (kind.hard.count(axis) == 0 && kind.soft.count(axis) == 0) continue;
      const auto common = both(own, kind.hard);
      auto& known = projections_[{&kind, common}];
      if (known.empty())
        for (const auto* other : kind.groups)
          known.insert(values_on(other->hard, common));
      if (known.count(values_on(group.hard, common)) > 0) return false;
    }
    return true;
  }

 private:
  /// If several cells have the same seed and fold, the axes along which a choice was made tell them
  /// apart, or else their keys: no cell replaces another. If nothing could be chosen because none
  /// can run, one represents all.
  void add(const Design& design, const std::pair<Labels, Labels>& labels,
           std::map<SeedAndFold, std::vector<const DesignCell*>> cells) {
    if (!design.claims.select.over.empty())
      for (auto& [at, same] : cells)
        if (std::all_of(same.begin(), same.end(), [](const auto* cell) {
              return cell->key.empty() && !cell->skipped.empty();
            }))
          same.resize(1);
    const bool unique = std::all_of(cells.begin(), cells.end(),
                                    [](const auto& at) { return at.second.size() == 1; });
    std::map<Labels, std::map<SeedAndFold, std::vector<const DesignCell*>>> apart;
    for (const auto& [at, same] : cells)
      for (const auto* cell : same) {
        auto hard = labels.first;
        if (!unique)
          for (const auto& chosen : design.claims.select.over)
            if (const auto own = cell->axes.find(chosen); own != cell->axes.end())
              hard.insert(*own);
        apart[hard][at].push_back(cell);
      }
    for (const auto& [hard, parts] : apart)
      for (const auto& [at, same] : parts)
        for (const auto* cell : same) {
          auto own = hard;
          if (same.size() > 1) own["cell"] = cell->key.substr(0, 12);
          place(own, labels.second, at, cell);
        }
  }

  void place(const Labels& hard, const Labels& soft, const SeedAndFold& at,
             const DesignCell* cell) {
    const auto [known, is_new] = places_.try_emplace({hard, soft}, groups_.size());
    if (is_new) groups_.push_back({.hard = hard, .soft = soft, .position = cell->position});
    auto& group = groups_[known->second];
    group.cells.emplace(at, cell);
    group.position = std::min(group.position, cell->position);
  }

  std::vector<Group> groups_{};
  std::map<std::pair<Labels, Labels>, std::size_t> places_{};
  std::map<std::pair<Names, Names>, Kind> kinds_{};
  std::map<std::pair<const Kind*, Names>, std::set<std::vector<std::string>>> projections_{};
};

struct Matched {
  const Group* base;
  const Group* candidate;
  int alike;  ///< number of soft axes with equal values
};

int alike(const Group& base, const Group& candidate) {
  int count = 0;
  const auto compare = [&](const Labels& soft, const Labels& hard, const Labels& other_soft) {
    for (const auto& [axis, value] : soft) {
      const auto as_soft = other_soft.find(axis);
      const auto as_hard = hard.find(axis);
      count += (as_soft != other_soft.end() && as_soft->second == value) ||
               (as_hard != hard.end() && as_hard->second == value);
    }
  };
  compare(base.soft, candidate.hard, candidate.soft);
  for (const auto& [axis, value] : candidate.soft) {
    const auto own = base.hard.find(axis);
    count += own != base.hard.end() && own->second == value;
  }
  return count;
}

/// Matches groups that have the axes of `base` with those that have the axes of `candidate`.
void match_kinds(Side& base_side, const Kind& base, Side& candidate_side, const Kind& candidate,
                 std::vector<Matched>& matches) {
  const auto base_axes = not_in_second(base.hard, candidate.soft);
  const auto candidate_axes = not_in_second(candidate.hard, base.soft);
  const auto common = both(base_axes, candidate_axes);
  const auto base_more = not_in_second(base_axes, common);
  const auto candidate_more = not_in_second(candidate_axes, common);
  std::map<std::vector<std::string>, std::vector<const Group*>> candidates;
  for (const auto* group : candidate.groups)
    candidates[values_on(group->hard, common)].push_back(group);
  const auto lacks_all = [](Side& side, const Group& group, const Names& axes) {
    return std::all_of(axes.begin(), axes.end(),
                       [&](const auto& axis) { return side.lacks(group, axis); });
  };
  for (const auto* group : base.groups) {
    const auto found = candidates.find(values_on(group->hard, common));
    if (found == candidates.end() || !lacks_all(base_side, *group, candidate_more)) continue;
    for (const auto* partner : found->second)
      if (lacks_all(candidate_side, *partner, base_more))
        matches.push_back({group, partner, alike(*group, *partner)});
  }
}

/// Among partners that differ only in soft axes, keeps those with the most equal values on both
/// sides.
void keep_nearest(std::vector<Matched>& matches) {
  std::map<std::pair<const Group*, Labels>, int> most;
  for (const auto& match : matches) {
    auto& of_base = most[{match.base, match.candidate->hard}];
    of_base = std::max(of_base, match.alike);
    auto& of_candidate = most[{match.candidate, match.base->hard}];
    of_candidate = std::max(of_candidate, match.alike);
  }
  std::erase_if(matches, [&](const Matched& match) {
    return match.alike < most[{match.base, match.candidate->hard}] ||
           match.alike < most[{match.candidate, match.base->hard}];
  });
}

/// The axes of both; a soft axis with two values only if it distinguishes matches.
Labels labels_of(const Matched& match, bool ambiguous) {
  auto labels = match.base->hard;
  labels.insert(match.candidate->hard.begin(), match.candidate->hard.end());
  auto soft = names_of(match.base->soft);
  soft.merge(names_of(match.candidate->soft));
  const auto value_in = [](const Group& group, const std::string& axis) {
    for (const auto* of : {&group.hard, &group.soft})
      if (const auto own = of->find(axis); own != of->end()) return own->second;
    return std::string();
  };
  for (const auto& axis : soft) {
    const auto base = value_in(*match.base, axis), candidate = value_in(*match.candidate, axis);
    labels.erase(axis);
    if (base == candidate)
      labels[axis] = base;
    else if (ambiguous)
      labels[axis] = base + "/" + candidate;
  }
  return labels;
}

std::set<std::int64_t> seeds_of(const Group& group) {
  std::set<std::int64_t> seeds;
  for (const auto& [at, cell] : group.cells)
    seeds.insert(at.first);
  return seeds;
}

void note(Condition& condition, const std::string& text) {
  auto& notes = condition.notes;
  if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(text);
}

/// Notes how the sides differ apart from what is compared.
void compare_circumstances(Condition& condition, const DesignCell& base,
                           const DesignCell& candidate) {
  if (base.evaluator == candidate.evaluator && base.build != candidate.build)
    note(condition, "the sides were scored by different builds of " + base.evaluator);
  if (base.audio != candidate.audio && !base.audio.empty() && !candidate.audio.empty())
    note(condition, "the sides used different audio policies: " + base.audio + " (" +
                        condition.base + ") and " + candidate.audio + " (" + condition.candidate +
                        ")");
  if (base.device != candidate.device)
    note(condition, "the sides ran on " + base.device + " and " + candidate.device);
}

void add_pair(Condition& condition, const DesignCell& base, const DesignCell& candidate,
              std::int64_t seed) {
  ++condition.planned;
  for (const auto* cell : {&base, &candidate}) {
    if (condition.primary.empty()) condition.primary = cell->primary;
    if (condition.dataset_id == 0) condition.dataset_id = cell->dataset_id;
  }
  const bool known = base.dataset_id != 0 && candidate.dataset_id != 0;
  if (known && base.dataset_id != candidate.dataset_id) {
    condition.problem = "no items in common: the sides have different datasets";
    return;
  }
  if (base.run == 0 || candidate.run == 0) {
    ++condition.missing;
    for (const auto& [side, name] :
         {std::pair{&base, condition.base}, {&candidate, condition.candidate}})
      if (!side->skipped.empty()) note(condition, name + " cannot run: " + side->skipped);
    return;
  }
  condition.pairs.push_back({base.run, candidate.run, seed, base.fold});
  compare_circumstances(condition, base, candidate);
}

/// Pairs by seed and fold; a side with a single seed is paired with each seed of the other.
void add_pairs(Condition& condition, const Group& base, const Group& candidate) {
  const auto base_seeds = seeds_of(base), candidate_seeds = seeds_of(candidate);
  const bool differ = base_seeds != candidate_seeds;
  const bool base_once = differ && base_seeds.size() == 1;
  const bool candidate_once = differ && !base_once && candidate_seeds.size() == 1;
  const auto& leading = base_once ? candidate : base;
  const auto& other = base_once ? base : candidate;
  std::int64_t alone = 0;
  for (const auto& [at, cell] : leading.cells) {
    const auto seed = base_once        ? *base_seeds.begin()
                      : candidate_once ? *candidate_seeds.begin()
                                       : at.first;
    const auto partner = other.cells.find({seed, at.second});
    if (partner == other.cells.end()) {
      ++alone;
      continue;
    }
    if (base_once)
      add_pair(condition, *partner->second, *cell, at.first);
    else
      add_pair(condition, *cell, *partner->second, at.first);
  }
  if (condition.planned == 0) return;
  if (base_once || candidate_once)
    note(condition, (base_once ? condition.base : condition.candidate) +
                        " has one seed, which is paired with each seed of " +
                        (base_once ? condition.candidate : condition.base));
  else
    for (const auto& [at, cell] : other.cells)
      alone += leading.cells.count(at) == 0;
  if (alone > 0)
    note(condition, std::to_string(alone) + (alone == 1 ? " cell has" : " cells have") +
                        " no partner with the same seed and fold");
}

/// Names the scoring rules if there are several, within one side or between the sides.
void compare_scoring(Condition& condition, const Group& base, const Group& candidate) {
  const auto rules_of = [](const Group& group) {
    Names rules;
    for (const auto& [at, cell] : group.cells)
      if (cell->run != 0) rules.insert(cell->scorer.empty() ? "unnamed rule" : cell->scorer);
    return rules;
  };
  const auto of_base = rules_of(base), of_candidate = rules_of(candidate);
  auto all = of_base;
  all.insert(of_candidate.begin(), of_candidate.end());
  if (condition.pairs.empty() || all.size() < 2) return;
  const auto text = [](const Names& rules, const std::string& side) {
    return protocol::join({rules.begin(), rules.end()}) + " (" + side + ")";
  };
  condition.scoring =
      text(of_base, condition.base) + " and " + text(of_candidate, condition.candidate);
}

void note_lacking(Condition& condition, const Matched& match) {
  const auto say = [&](const Group& has, const Group& lacks, const std::string& name) {
    std::vector<std::string> axes;
    for (const auto& [axis, value] : has.hard)
      if (lacks.hard.count(axis) == 0 && lacks.soft.count(axis) == 0) axes.push_back(axis);
    if (!axes.empty())
      note(condition,
           name + " has no " + protocol::join(axes) + ", so its runs are paired with each value");
  };
  say(*match.candidate, *match.base, condition.base);
  say(*match.base, *match.candidate, condition.candidate);
}

}  // namespace

std::string Condition::task() const {
  const auto found = axes.find("task");
  return found == axes.end() ? "" : found->second;
}

Sides along(const Design& design, const std::string& axis, const std::string& base,
            const std::string& candidate) {
  return {&design, &design, axis, base, candidate};
}

std::vector<Condition> paired_conditions(const Sides& sides) {
  Side base(*sides.base, sides.axis, sides.base_value);
  Side candidate(*sides.candidate, sides.axis, sides.candidate_value);
  std::vector<Matched> matches;
  for (const auto& [base_axes, of_base] : base.kinds())
    for (const auto& [candidate_axes, of_candidate] : candidate.kinds())
      match_kinds(base, of_base, candidate, of_candidate, matches);
  keep_nearest(matches);
  std::map<std::pair<Labels, Labels>, int> of_labels;
  for (const auto& match : matches)
    ++of_labels[{match.base->hard, match.candidate->hard}];
  std::vector<Condition> conditions;
  for (const auto& match : matches) {
    const bool ambiguous = of_labels[{match.base->hard, match.candidate->hard}] > 1;
    Condition condition{.base = sides.base_name(),
                        .candidate = sides.candidate_name(),
                        .axes = labels_of(match, ambiguous),
                        .position = std::min(match.base->position, match.candidate->position)};
    if (!sides.axis.empty()) condition.axes.erase(sides.axis);
    add_pairs(condition, *match.base, *match.candidate);
    if (condition.planned == 0) continue;
    compare_scoring(condition, *match.base, *match.candidate);
    note_lacking(condition, match);
    conditions.push_back(std::move(condition));
  }
  std::sort(conditions.begin(), conditions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.position, a.axes) < std::tie(b.position, b.axes);
  });
  return conditions;
}

}  // namespace earshot::host
