#include <algorithm>
#include <iostream>
#include <sstream>

#include <sqlite3.h>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/rows.hpp"
#include "host/store/queries.hpp"
#include "host/store/store.hpp"
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
  text
      << "Reads the results file with SQL, or with a ready-made query by name. Nothing can be "
         "changed.\nThe views result, answer, slice_delta, category_delta, leaderboard, published, "
         "cell_state,\nfailure, training and cost are stable; results/README.md describes them.\n\n"
         "Ready-made queries, with the parameters that each takes as NAME=VALUE:\n";
  for (const auto& query : named_queries()) {
    const auto parameters = parameters_of(query.sql);
    text << "  " << query.name << std::string(14 - query.name.size(), ' ') << query.summary
         << (parameters.empty() ? "" : " (" + parameters + ")") << '\n';
  }
  return text.str();
}

/// The named query, or the text itself where it looks like SQL.
std::string sql_of(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& query : named_queries()) {
    if (query.name == text) return query.sql;
    names.push_back(query.name);
  }
  if (text.find_first_of(" \t\n") != std::string::npos) return text;
  refuse_usage("query", "unknown query '" + text + "'" + protocol::did_you_mean(text, names) +
                            "; give SQL in quotes, or one of " + protocol::join(names));
}

void bind_parameters(const Store& store, Statement& statement,
                     const std::vector<std::string>& assignments) {
  for (const auto& assignment : assignments) {
    const auto equal = assignment.find('=');
    if (equal == std::string::npos) {
      refuse_usage("query", "'" + assignment + "' is no parameter; write NAME=VALUE");
    }
    const auto name = assignment.substr(0, equal);
    const int index = sqlite3_bind_parameter_index(statement.handle(), (":" + name).c_str());
    if (index == 0) {
      std::vector<std::string> known;
      for (int i = 1; i <= sqlite3_bind_parameter_count(statement.handle()); ++i) {
        const char* parameter = sqlite3_bind_parameter_name(statement.handle(), i);
        if (parameter != nullptr) known.emplace_back(parameter + 1);
      }
      refuse_usage("query", "the query has no parameter '" + name + "'; it has " +
                                (known.empty() ? "none" : protocol::join(known, true)) +
                                protocol::did_you_mean(name, known));
    }
    const auto value = assignment.substr(equal + 1);
    if (name == "experiment") store.require_experiment(value);
    statement.bind(index, value);
  }
}

/// Mistakes in the SQL are the user's, not the file's.
template <class Act>
auto explain_sql(const Store& store, Act&& act) {
  try {
    return act();
  } catch (const Failure&) {
    const int code = sqlite3_errcode(store.handle()) & 0xff;
    if (code == SQLITE_AUTH || code == SQLITE_READONLY) {
      refuse_usage("query", "only reading is allowed; the SQL would change something");
    }
    if (code != SQLITE_ERROR) throw;
    refuse_usage("query", std::string("the SQL is wrong: ") + sqlite3_errmsg(store.handle()));
  }
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
  explain_sql(store, [&] {
    Statement statement(store.connection(), sql);
    const std::string_view used = sqlite3_sql(statement.handle());
    if (sql.find_first_not_of(" \t\n;", used.size()) != std::string::npos) {
      refuse_usage("query", "more than one statement: '" + sql.substr(used.size()) + "'");
    }
    bind_parameters(store, statement, given->texts("parameters"));
    print_rows(statement, std::cout, format);
  });
  return ExitCode::ok;
}

}  // namespace

const Command query_command{"query", "reads results with SQL or a ready-made query", query};

}  // namespace earshot::host
