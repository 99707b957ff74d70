#include <iostream>
#include <map>
#include <set>
#include <system_error>

#include "host/base/arguments.hpp"
#include "host/base/table.hpp"
#include "host/cli/command.hpp"
#include "host/cli/component.hpp"
#include "host/cli/meters.hpp"
#include "host/cli/shared_options.hpp"
#include "host/plan/hash_cache.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

/// The findings in one dataset.
struct Linted {
  std::string label{}, id{};
  std::int64_t items = 0, files = 0;  ///< only files that exist
  std::vector<protocol::LintCheck> checks{};
  std::set<std::string> applying{};  ///< names of the checks that apply to the dataset

  std::int64_t found() const {
    std::int64_t sum = 0;
    for (const auto& check : checks)
      sum += check.found;
    return sum;
  }
  /// Without the rows that the dataset's options leave out, as was asked for.
  std::int64_t problems() const {
    std::int64_t sum = found();
    for (const auto& check : checks)
      if (check.check == "left_out_rows") sum -= check.found;
    return sum;
  }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Linted, label, id, items, files, checks)

/// Finds files with equal content that are used in different splits or folds, and files that cannot
/// be read.
std::vector<protocol::LintCheck> check_contents(const std::vector<protocol::LintFile>& files,
                                                HashCache& hashes, std::size_t examples) {
  protocol::LintCheck same{"same_content",
                           "files with the same content in different splits or folds"};
  protocol::LintCheck unreadable{"unreadable_audio", "audio files that cannot be read"};
  const auto report = [&](protocol::LintCheck& check, const std::string& example) {
    ++check.found;
    if (check.examples.size() < examples) check.examples.push_back(example);
  };
  std::map<std::string, const protocol::LintFile*> first;
  CountMeter meter("read");
  std::int64_t done = 0;
  for (const auto& file : files) {
    meter.show(done++, std::ssize(files), "files");
    try {
      const auto sha256 = hashes.sha256(protocol::path_of(file.path));
      const auto [other, fresh] = first.try_emplace(sha256, &file);
      if (!fresh && other->second->part != file.part)
        report(same, other->second->path + " and " + file.path);
    } catch (const std::system_error& error) {
      report(unreadable, file.path + ": " + error.code().message());
    }
  }
  return {std::move(same), std::move(unreadable)};
}

Linted lint(const Arguments& given, const std::string& named) {
  const auto dataset = one_component(given, "lint-data", Table::dataset, named);
  const auto examples = given.get<std::size_t>("examples");
  auto settings = plan_settings_of(given);
  settings.limits.since_news = true;
  std::vector<protocol::LintFile> files;
  CountMeter meter("checked");
  WorkerProcess worker(settings.worker);
  const auto answer = ask_about<protocol::verb::Lint>(
      dataset, "lint-data", worker, {.dataset = dataset.ref, .examples = examples}, settings.limits,
      protocol::Overloaded{[&](const protocol::event::Progress& progress) { meter.show(progress); },
                           [&](const protocol::event::LintFiles& some) {
                             files.insert(files.end(), some.files.begin(), some.files.end());
                           }});
  meter.clear();
  Linted linted{.label = dataset.label,
                .id = dataset.id,
                .items = answer.items,
                .files = std::ssize(files),
                .checks = answer.checks,
                .applying = {answer.applying.begin(), answer.applying.end()}};
  HashCache hashes(settings.cache);
  for (auto& check : check_contents(files, hashes, examples)) {
    if (!files.empty()) linted.applying.insert(check.check);
    linted.checks.push_back(std::move(check));
  }
  return linted;
}

/// The datasets that an argument names: all those of an experiment file, or one.
std::vector<std::string> names_of(const std::string& argument) {
  if (!argument.ends_with(".toml")) return {argument};
  std::vector<std::string> names;
  const auto experiment = read_experiment(argument, {});
  for (const auto& label : experiment.labels(Table::dataset))
    names.push_back(argument + ":" + label);
  if (names.empty()) refuse_usage("lint-data", argument + " has no dataset");
  return names;
}

/// Prints the findings with examples, and the names of the checks that apply to the dataset and
/// found nothing.
void print(const Linted& linted) {
  std::cout << linted.label << " (" << linted.id << "): " << linted.items << " items, "
            << linted.files << " audio files found\n\n";
  if (linted.found() > 0) {
    TableWriter table(std::cout, {"check", "found", "what"}, Format::table);
    for (const auto& check : linted.checks)
      if (check.found > 0) table.row({check.check, check.found, check.meaning});
    table.finish();
  }
  for (const auto& check : linted.checks) {
    if (!check.examples.empty()) std::cout << '\n' << check.check << '\n';
    for (const auto& example : check.examples)
      std::cout << "  " << example << '\n';
  }
  constexpr std::size_t width = 100;
  std::string line = "Not found:";
  std::cout << (linted.found() > 0 ? "\n" : "");
  for (const auto& check : linted.checks) {
    if (check.found > 0 || !linted.applying.contains(check.check)) continue;
    if (line.size() + check.check.size() > width) {
      std::cout << line << '\n';
      line = " ";
    }
    line += " " + check.check;
  }
  std::cout << line << '\n'
            << (linted.problems() == 0 ? "\nNo problems found.\n" : "\n") << std::flush;
}

/// Warns those who process the JSON: files that are left out belong to no item, so none of their
/// counts would show them.
void print_left_out(const Linted& linted) {
  protocol::LeftOuts left_out;
  for (const auto& check : linted.checks) {
    if (check.check == "left_out") left_out.files = {check.found, check.examples};
    if (check.check == "left_out_rows") left_out.rows = {check.found, check.examples};
  }
  for (const auto& what : protocol::described(left_out))
    std::cerr << linted.label << " leaves out " << what << '\n';
}

Syntax syntax_of_lint_data() {
  Syntax syntax{
      "lint-data", "DATASET",
      "Looks for problems in a dataset without decoding its audio: missing audio, "
      "answers not among the\n"
      "choices, duplicate choices, items and ids, contradictory reference answers, clips "
      "and sources\n"
      "shared between training and test, classes that look alike, and files that are "
      "left out. DATASET\n"
      "is a component, FILE.toml:LABEL for one as an experiment configures it, or "
      "FILE.toml for all of\n"
      "its datasets. The exit code is 1 if something is found. Rows that an option of the "
      "dataset leaves\n"
      "out are also shown, but do not change the exit code."};
  syntax.options.add_options()(
      "examples", program_options::value<std::size_t>()->value_name("N")->default_value(3),
      "number of examples to show for each problem")(
      "format", program_options::value<std::string>()->value_name("FORMAT")->default_value("table"),
      "table or json");
  add_value_option(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"dataset", 1}};
  syntax.examples =
      "  runner lint-data mmau --option file=mmau-test-mini.json\n"
      "  runner lint-data experiments/reasoning.toml --examples 10\n"
      "  runner lint-data experiments/reasoning.toml:reasonaqa --format json\n";
  return syntax;
}

ExitCode run_lint_data(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_lint_data(), arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("dataset")) refuse_usage("lint-data", "DATASET is missing");
  const auto format = format_of(given->text("format"));
  if (format != Format::table && format != Format::json)
    refuse_usage("lint-data", "--format is '" + given->text("format") + "'; allowed: table, json");

  bool clean = true;
  auto all = Json::array();
  for (const auto& name : names_of(given->text("dataset"))) {
    const auto linted = lint(*given, name);
    clean = clean && linted.problems() == 0;
    if (format == Format::json) {
      all.push_back(linted);
      print_left_out(linted);
    } else {
      print(linted);
    }
  }
  if (format == Format::json) std::cout << protocol::json_text(all, 2) << '\n';
  return clean ? ExitCode::ok : ExitCode::cells_not_ok;
}

}  // namespace

const Command lint_data_command{"lint-data", Group::data, "finds problems in a dataset's items",
                                run_lint_data};

}  // namespace earshot::host
