#include <algorithm>
#include <iostream>
#include <sstream>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/results.hpp"
#include "host/experiment/experiment.hpp"
#include "host/store/queries.hpp"
#include "host/store/selected_rows.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

std::string parameters_of(const std::string& sql) {
  std::vector<std::string> names;
  for (auto at = sql.find(':'); at != std::string::npos; at = sql.find(':', at + 1)) {
    const auto end = sql.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at + 1);
    const auto name = sql.substr(at + 1, end - at - 1);
    if (!name.empty() && std::count(names.begin(), names.end(), name) == 0) names.push_back(name);
  }
  return protocol::join(names);
}

std::string help() {
  std::ostringstream text;
  text << "Queries the results file with SQL or with a ready-made query, without changing "
          "anything.\n"
          "The views result, answer, slice_delta, category_delta, leaderboard, published, "
          "cell_state,\n"
          "failure, training and cost are stable; results/README.md describes them.\n\n"
          "Ready-made queries, with their parameters in brackets (experiment takes a name or "
          "FILE.toml):";
  for (const auto& query : named_queries()) {
    const auto parameters = parameters_of(query.sql);
    text << "\n  " << query.name << std::string(14 - query.name.size(), ' ') << query.summary
         << (parameters.empty() ? "" : " (" + parameters + ")");
  }
  return text.str();
}

/// The named query, or the text itself if it looks like SQL.
std::string sql_of(const std::string& text) {
  // Names in earlier versions, which scripts may still use.
  const auto wanted = text == "origins" ? "provenance" : text == "losses" ? "dropped-items" : text;
  std::vector<std::string> names;
  for (const auto& query : named_queries()) {
    if (query.name == wanted) return query.sql;
    names.push_back(query.name);
  }
  if (text.find_first_of(" \t\n") != std::string::npos) return text;
  refuse_usage("query", "unknown query '" + text + "'" + protocol::did_you_mean(text, names) +
                            "; allowed are SQL in quotes, or one of " + protocol::join(names));
}

/// NAME=VALUE as pairs; an experiment is given by its name or file.
std::vector<std::pair<std::string, std::string>> parameters_in(
    const std::vector<std::string>& assignments) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto& assignment : assignments) {
    const auto equal = assignment.find('=');
    if (equal == std::string::npos)
      refuse_usage("query", "'" + assignment + "' is not a parameter; write NAME=VALUE");
    const auto name = assignment.substr(0, equal), value = assignment.substr(equal + 1);
    parameters.emplace_back(name, name == "experiment" ? experiment_name(value) : value);
  }
  return parameters;
}

ExitCode query(const std::vector<std::string>& arguments) {
  Syntax syntax;
  syntax.command = "query";
  syntax.usage = "\"SQL\" | NAME [PARAMETER=VALUE ...]";
  syntax.description = help();
  add_results_option(syntax.options);
  add_format_option(syntax.options);
  syntax.positionals = {{"sql", 1}, {"parameters", -1}};
  syntax.examples =
      "  runner query leaderboard\n"
      "  runner query deltas experiment=quickstart base=mfcc candidate=log_mel dimension=all\n"
      "  runner query \"select * from failure\" --format csv\n"
      "  runner query \"select * from result where encoder = :e\" e=mfcc --format json\n"
      "  runner query hardest experiment=quickstart task=room\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("sql")) refuse_usage("query", "SQL or the name of a query is missing");
  const auto format = format_of(given->text("format"));
  const auto sql = sql_of(given->text("sql"));
  const Store store(given->text("results"), Store::Mode::read);
  const auto parameters = parameters_in(given->texts("parameters"));
  try {
    auto rows = select(store, sql, parameters);
    for (const auto& [name, value] : parameters)
      if (name == "experiment") store.require_experiment(value);
    print_rows(std::move(rows), std::cout, format);
  } catch (const SqlMistake& mistake) {
    refuse_usage("query", mistake.what());
  }
  return ExitCode::ok;
}

}  // namespace

const Command query_command{"query", Group::look, "queries results with SQL or a ready-made query",
                            query};

}  // namespace earshot::host
