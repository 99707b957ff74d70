#include <iostream>
#include <set>

#include "host/base/arguments.hpp"
#include "host/base/failure.hpp"
#include "host/cli/command.hpp"
#include "host/cli/results.hpp"
#include "host/experiment/experiment.hpp"
#include "host/experiment/fields.hpp"
#include "host/store/revisions.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

void list(const Arguments& given, const std::vector<std::string>& names) {
  const auto format = format_of(given.text("format"));
  const Store store(given.text("results"), Store::Mode::read);
  if (!names.empty()) store.require_experiment(names.front());
  print_rows(names.empty() ? experiment_table(store) : revision_table(store, names.front()),
             std::cout, format);
}

void rename(const Arguments& given, const std::vector<std::string>& names) {
  check_plain_name({"runner experiments", 0, 0}, "the new name", names[1]);
  Store store(given.text("results"), Store::Mode::write);
  store.rename_experiment(names[0], names[1]);
  std::cout << "'" << names[0] << "' is now '" << names[1]
            << "'; change the name in its file too, or the next run creates '" << names[0]
            << "' again\n";
}

void remove(const Arguments& given, const std::vector<std::string>& names) {
  Store store(given.text("results"), Store::Mode::write);
  const auto removed = store.remove_experiment(names[0]);
  std::cout << "removed '" << names[0] << "': " << removed.revisions << " revisions, "
            << removed.cells << " cells with " << removed.runs << " runs";
  if (removed.shared > 0)
    std::cout << "; " << removed.shared << " cells shared with other experiments are kept";
  std::cout << '\n';
}

/// A revision in a comparison.
struct NumberedRevision {
  std::int64_t number = 0;  ///< counted from 1
  Json resolved{};
  std::set<std::string> cells{};  ///< their keys
};

NumberedRevision read_revision(const Store& store, const std::vector<Revision>& all,
                               std::size_t index) {
  const auto id = all[index].id;
  auto resolved = resolved_experiment(store, id).resolved;
  resolved.erase("claims");  // determined by the rest
  return {static_cast<std::int64_t>(index) + 1, std::move(resolved), cell_keys(store, id)};
}

/// @returns its index
std::size_t chosen(const std::vector<Revision>& all, const std::string& text) {
  for (std::size_t index = 0; index < all.size(); ++index)
    if (std::to_string(index + 1) == text) return index;
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
      std::cout << "removed" << (before.contains(place) ? ", was " + before.at(place).dump() : "")
                << '\n';
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
    std::cout << "'" << names[0] << "' has only one revision\n";
    return;
  }
  if (names.size() == 2)
    refuse_usage("experiments", "diff needs two revisions, or none for the last two");
  const bool named = names.size() == 3;
  const auto before = read_revision(store, all, named ? chosen(all, names[1]) : all.size() - 2);
  const auto after = read_revision(store, all, named ? chosen(all, names[2]) : all.size() - 1);
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
  std::size_t fewest, most;  ///< number of names
  void (*run)(const Arguments&, const std::vector<std::string>&);
};

constexpr Action actions[] = {{"list", "list [NAME]", 0, 1, list},
                              {"rename", "rename NAME NEW", 2, 2, rename},
                              {"remove", "remove NAME", 1, 1, remove},
                              {"diff", "diff NAME [REVISION REVISION]", 1, 3, diff}};

ExitCode run_experiments(const std::vector<std::string>& arguments) {
  Syntax syntax{
      "experiments", "[list [NAME] | rename NAME NEW | remove NAME | diff NAME [REV REV]]",
      "Lists the experiments in a results file, or the revisions of one; renames or removes one;\n"
      "or shows the differences between two of its revisions (by default the last two). Removing "
      "an\n"
      "experiment also removes its cells and their runs, except those that other experiments "
      "share.\n"
      "Features and trained states stay on disk: see 'runner cache'. NAME may also be FILE.toml."};
  add_format_option(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"action", 1}, {"names", -1}};
  syntax.examples =
      "  runner experiments\n"
      "  runner experiments list ablation\n"
      "  runner experiments diff ablation 1 3\n"
      "  runner experiments rename ablation ablation_2025\n"
      "  runner experiments remove ablation_old\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto wanted = given->has("action") ? given->text("action") : "list";
  auto names = given->texts("names");
  if (!names.empty()) names.front() = experiment_name(names.front());
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

const Command experiments_command{"experiments", Group::housekeeping,
                                  "lists, renames, removes or compares experiments",
                                  run_experiments};

}  // namespace earshot::host
