#include "host/analyse/pairs.hpp"

#include <algorithm>
#include <map>

namespace earshot::host {
namespace {

/// A cell of one side with its ok run, if it has one.
struct Member {
  Condition condition{};
  std::int64_t seed = 0, fold = 0, run = 0;
  std::string device{};
};

using Members = std::map<std::int64_t, std::vector<Member>>;  // by peer

/// "task.lr=0.0001 cut=2" without the axes that [select] chose along.
std::string without(const std::string& variant, const std::vector<std::string>& chosen) {
  std::string kept;
  for (std::size_t begin = 0; begin < variant.size();) {
    const auto end = std::min(variant.find(' ', begin), variant.size());
    const auto part = variant.substr(begin, end - begin);
    const auto axis = part.substr(0, part.find('='));
    if (std::find(chosen.begin(), chosen.end(), axis) == chosen.end())
      kept += (kept.empty() ? "" : " ") + part;
    begin = end + 1;
  }
  return kept;
}

std::vector<std::string> chosen_axes(const Store& store, std::int64_t experiment) {
  Statement row(store.connection(),
                "SELECT json_extract(resolved, '$.select.over') FROM experiment "
                "WHERE experiment_id = ?");
  row.bind_all(experiment);
  if (!row.step() || row.is_null(0)) return {};
  return Json::parse(row.text(0)).get<std::vector<std::string>>();
}

Members members_of(const Store& store, std::int64_t experiment, const std::string& axis,
                   const std::string& value) {
  const auto chosen = chosen_axes(store, experiment);
  Statement rows(
      store.connection(),
      "SELECT x.peer, m.task, m.dataset, m.mapper, m.language_model, m.variant, m.seed, m.fold, "
      "c.primary_metric, c.dataset_id, m.position, coalesce(r.run_id, 0), coalesce(p.device, '') "
      "FROM axis a "
      "CROSS JOIN axis_value v ON v.axis_id = a.axis_id AND v.value = ? "
      "CROSS JOIN cell_axis x ON x.experiment_id = ? AND x.axis_id = a.axis_id "
      "  AND x.value_id = v.value_id "
      "CROSS JOIN experiment_cell m ON m.experiment_id = x.experiment_id "
      "  AND m.position = x.position "
      "CROSS JOIN cell c ON c.cell_id = x.cell_id AND c.split = 'test' "
      "LEFT JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
      "LEFT JOIN provenance p ON p.provenance_id = r.provenance_id "
      "WHERE a.name = ? ORDER BY m.position");
  rows.bind_all(value, experiment, axis);
  Members members;
  while (rows.step()) {
    auto& member = members[rows.integer(0)].emplace_back();
    auto& condition = member.condition;
    condition.task = rows.text(1);
    condition.dataset = rows.text(2);
    condition.mapper = rows.text(3);
    condition.language_model = rows.text(4);
    condition.variant = without(rows.text(5), chosen);
    member.seed = rows.integer(6);
    member.fold = rows.integer(7);
    condition.primary = rows.text(8);
    condition.dataset_id = rows.integer(9);
    condition.position = rows.integer(10);
    member.run = rows.integer(11);
    member.device = rows.text(12);
  }
  return members;
}

/// The condition equal to `like`, added when it is new.
Condition& condition_of(std::vector<Condition>& conditions, const Condition& like) {
  const auto found = std::find_if(
      conditions.begin(), conditions.end(),
      [&](const Condition& known) { return known.task == like.task && known.same_but_task(like); });
  if (found != conditions.end()) {
    found->position = std::min(found->position, like.position);
    return *found;
  }
  return conditions.emplace_back(like);
}

void add_pairs(std::vector<Condition>& conditions, const std::vector<Member>& base,
               const std::vector<Member>& candidate) {
  for (std::size_t i = 0; i < std::max(base.size(), candidate.size()); ++i) {
    auto& condition =
        condition_of(conditions, i < base.size() ? base[i].condition : candidate[i].condition);
    if (i >= base.size() || i >= candidate.size()) {
      ++condition.missing;
      continue;
    }
    ++condition.planned;
    const bool same_data = base[i].condition.dataset_id == candidate[i].condition.dataset_id;
    if (!same_data) condition.remark = "the sides have different datasets: no items in common";
    if (!same_data || base[i].run == 0 || candidate[i].run == 0) {
      ++condition.missing;
      continue;
    }
    condition.pairs.push_back({base[i].run, candidate[i].run, base[i].seed, base[i].fold});
    if (base[i].device != candidate[i].device)
      condition.remark = "the sides ran on " + base[i].device + " and " + candidate[i].device;
  }
}

std::vector<std::string> texts(Statement& rows) {
  std::vector<std::string> result;
  while (rows.step())
    result.push_back(rows.text(0));
  return result;
}

}  // namespace

bool Condition::same_but_task(const Condition& other) const {
  return dataset == other.dataset && mapper == other.mapper &&
         language_model == other.language_model && variant == other.variant;
}

std::vector<Condition> paired_conditions(const Store& store, std::int64_t experiment,
                                         const std::string& axis, const std::string& base,
                                         const std::string& candidate) {
  const auto bases = members_of(store, experiment, axis, base);
  auto candidates = members_of(store, experiment, axis, candidate);
  std::vector<Condition> conditions;
  for (const auto& [peer, members] : bases) {
    add_pairs(conditions, members, candidates[peer]);
    candidates.erase(peer);
  }
  for (const auto& [peer, members] : candidates)
    add_pairs(conditions, {}, members);
  std::sort(conditions.begin(), conditions.end(),
            [](const auto& a, const auto& b) { return a.position < b.position; });
  return conditions;
}

std::vector<std::string> axis_values(const Store& store, std::int64_t experiment,
                                     const std::string& axis) {
  Statement rows(store.connection(),
                 "SELECT v.value FROM axis a "
                 "CROSS JOIN cell_axis x ON x.experiment_id = ? AND x.axis_id = a.axis_id "
                 "CROSS JOIN axis_value v ON v.value_id = x.value_id "
                 "WHERE a.name = ? GROUP BY v.value ORDER BY min(x.position)");
  rows.bind_all(experiment, axis);
  return texts(rows);
}

std::vector<std::string> axis_names(const Store& store, std::int64_t experiment) {
  Statement rows(store.connection(),
                 "SELECT name FROM axis WHERE axis_id IN "
                 "(SELECT axis_id FROM cell_axis WHERE experiment_id = ?) ORDER BY name");
  rows.bind_all(experiment);
  return texts(rows);
}

}  // namespace earshot::host
