#include <iostream>
#include <set>

#include "host/base/arguments.hpp"
#include "host/base/failure.hpp"
#include "host/cli/command.hpp"
#include "host/cli/rows.hpp"
#include "host/experiment/fields.hpp"
#include "host/store/store.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

/// Revisions count from 1 in the order in which they were first seen.
constexpr const char* revisions_sql =
    "SELECT row_number() OVER (ORDER BY e.experiment_id) AS revision, "
    "CASE e.latest WHEN 1 THEN 'yes' ELSE '' END AS latest, "
    "strftime('%Y-%m-%d %H:%M', e.created_ms / 1000, 'unixepoch') AS first_seen_utc, "
    "(SELECT count(*) FROM experiment_cell m WHERE m.experiment_id = e.experiment_id) AS cells, "
    "(SELECT count(*) FROM experiment_cell m JOIN run r ON r.cell_id = m.cell_id AND r.state = "
    "'ok' "
    "WHERE m.experiment_id = e.experiment_id) AS ok, e.file FROM experiment e WHERE e.name = ? "
    "ORDER BY e.experiment_id";

constexpr const char* experiments_sql =
    "SELECT e.name AS experiment, (SELECT count(*) FROM experiment o WHERE o.name = e.name) AS "
    "revisions, (SELECT count(*) FROM experiment_cell m WHERE m.experiment_id = e.experiment_id) "
    "AS cells, (SELECT count(*) FROM experiment_cell m JOIN run r ON r.cell_id = m.cell_id AND "
    "r.state = 'ok' WHERE m.experiment_id = e.experiment_id) AS ok, "
    "strftime('%Y-%m-%d %H:%M', e.created_ms / 1000, 'unixepoch') AS first_seen_utc, e.file "
    "FROM experiment e WHERE e.latest = 1 ORDER BY e.name";

void list(const Arguments& given, const std::vector<std::string>& names) {
  const auto format = format_of(given.text("format"));
  const Store store(given.text("results"), Store::Mode::read);
  Statement rows(store.connection(), names.empty() ? experiments_sql : revisions_sql);
  if (!names.empty()) {
    store.require_experiment(names.front());
    rows.bind_all(names.front());
  }
  print_rows(rows, std::cout, format);
}

void rename(const Arguments& given, const std::vector<std::string>& names) {
  check_plain_name({"runner experiments", 0, 0}, "the new name", names[1]);
  Store store(given.text("results"), Store::Mode::write);
  store.rename_experiment(names[0], names[1]);
  std::cout << "'" << names[0] << "' is now '" << names[1]
            << "'; change the name in its file too, or the next run makes '" << names[0]
            << "' again\n";
}

void remove(const Arguments& given, const std::vector<std::string>& names) {
  Store store(given.text("results"), Store::Mode::write);
  const auto removed = store.remove_experiment(names[0]);
  std::cout << "removed '" << names[0] << "': " << removed.revisions << " revisions, "
            << removed.cells << " cells with " << removed.runs << " runs";
  if (removed.shared > 0)
    std::cout << "; " << removed.shared << " cells stay, which other experiments share";
  std::cout << '\n';
}

struct Revision {
  std::int64_t id = 0, number = 0;
  Json resolved{};
  std::set<std::string> cells{};
};

std::vector<Revision> revisions_of(const Store& store, const std::string& name) {
  std::vector<Revision> all;
  Statement rows(store.connection(),
                 "SELECT experiment_id, resolved FROM experiment WHERE name = ? ORDER BY 1");
  rows.bind_all(name);
  while (rows.step()) {
    Revision revision{
        rows.integer(0), static_cast<std::int64_t>(all.size()) + 1, Json::parse(rows.text(1)), {}};
    Statement cells(store.connection(),
                    "SELECT c.key FROM experiment_cell m JOIN cell c USING(cell_id) "
                    "WHERE m.experiment_id = ?");
    cells.bind_all(revision.id);
    while (cells.step())
      revision.cells.insert(cells.text(0));
    all.push_back(std::move(revision));
  }
  return all;
}

const Revision& chosen(const std::vector<Revision>& all, const std::string& text) {
  for (const auto& revision : all)
    if (std::to_string(revision.number) == text) return revision;
  refuse_usage("experiments",
               "no revision '" + text + "'; allowed are 1 to " + std::to_string(all.size()));
}

/// "/task/room/options/lr" as "task.room.options.lr".
std::string key_of(std::string pointer) {
  for (auto& c : pointer)
    if (c == '/') c = '.';
  return pointer.substr(std::min<std::size_t>(1, pointer.size()));
}

void print_changes(const Json& before, const Json& after) {
  for (const auto& change : Json::diff(before, after)) {
    const auto path = change.at("path").get<std::string>();
    const auto operation = change.at("op").get<std::string>();
    const Json::json_pointer place(path);
    std::cout << "  " << key_of(path) << ": ";
    if (operation == "add") {
      std::cout << "added, " << change.at("value").dump() << '\n';
    } else if (operation == "remove") {
      std::cout << "removed"
                << (before.contains(place) ? ", it was " + before.at(place).dump() : "") << '\n';
    } else {
      std::cout << (before.contains(place) ? before.at(place).dump() + " -> " : "")
                << change.at("value").dump() << '\n';
    }
  }
}

void diff(const Arguments& given, const std::vector<std::string>& names) {
  const Store store(given.text("results"), Store::Mode::read);
  store.require_experiment(names[0]);
  const auto all = revisions_of(store, names[0]);
  if (names.size() == 1 && all.size() < 2) {
    std::cout << "'" << names[0] << "' has a single revision\n";
    return;
  }
  if (names.size() == 2) refuse_usage("experiments", "diff takes two revisions, or none");
  const auto& before = names.size() == 3 ? chosen(all, names[1]) : all[all.size() - 2];
  const auto& after = names.size() == 3 ? chosen(all, names[2]) : all.back();
  std::cout << "revision " << before.number << " -> " << after.number << '\n';
  print_changes(before.resolved, after.resolved);
  std::int64_t common = 0;
  for (const auto& key : before.cells)
    common += after.cells.contains(key) ? 1 : 0;
  std::cout << "cells: " << common << " in both, "
            << static_cast<std::int64_t>(before.cells.size()) - common << " only before, "
            << static_cast<std::int64_t>(after.cells.size()) - common << " only after\n";
}

struct Action {
  const char* name;
  const char* usage;
  std::size_t fewest, most;  ///< names that it takes
  void (*run)(const Arguments&, const std::vector<std::string>&);
};

constexpr Action actions[] = {{"list", "list [NAME]", 0, 1, list},
                              {"rename", "rename NAME NEW", 2, 2, rename},
                              {"remove", "remove NAME", 1, 1, remove},
                              {"diff", "diff NAME [REVISION REVISION]", 1, 3, diff}};

ExitCode run(const std::vector<std::string>& arguments) {
  Syntax syntax{
      "experiments", "[list [NAME] | rename NAME NEW | remove NAME | diff NAME [REV REV]]",
      "Lists the experiments of a results file, or the revisions of one; renames or removes one;\n"
      "or says in what two of its revisions differ (without numbers the last two). Removing an\n"
      "experiment removes its cells and their runs, but those that other experiments share. "
      "Features\nand trained states stay on disk: see 'runner cache'."};
  add_format_option(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"action", 1}, {"names", -1}};
  syntax.examples =
      "  runner experiments\n"
      "  runner experiments list ablation\n"
      "  runner experiments diff ablation 1 3\n"
      "  runner experiments rename ablation ablation_2025\n"
      "  runner experiments remove abaltion\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto wanted = given->has("action") ? given->text("action") : "list";
  const auto names = given->texts("names");
  std::vector<std::string> known;
  for (const auto& action : actions) {
    known.emplace_back(action.name);
    if (wanted != action.name) continue;
    if (names.size() < action.fewest || names.size() > action.most)
      refuse_usage("experiments",
                   std::string("expected 'runner experiments ") + action.usage + "'");
    action.run(*given, names);
    return ExitCode::ok;
  }
  refuse_usage("experiments", "unknown action '" + wanted + "'; allowed are " +
                                  protocol::join(known) + protocol::did_you_mean(wanted, known));
}

}  // namespace

const Command experiments_command{
    "experiments", "lists, renames, removes experiments and compares revisions", run};

}  // namespace earshot::host
