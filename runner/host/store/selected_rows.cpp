#include "host/store/selected_rows.hpp"

#include <string_view>

#include <sqlite3.h>

#include "host/base/failure.hpp"
#include "host/store/inside.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

/// Runs `act` on SQL written by a user, and reports an error as a mistake of the user, not of the
/// file.
template <class Act>
auto explain_mistakes(sqlite3* database, Act&& act) {
  try {
    return act();
  } catch (const Failure&) {
    const int code = sqlite3_errcode(database) & 0xff;
    if (code == SQLITE_AUTH || code == SQLITE_READONLY)
      throw SqlMistake("only reading is allowed, and this SQL would change something");
    if (code != SQLITE_ERROR) throw;
    throw SqlMistake(std::string("invalid SQL: ") + sqlite3_errmsg(database));
  }
}

void bind_by_name(Statement& statement, const std::string& name, const std::string& value) {
  const int index = sqlite3_bind_parameter_index(statement.handle(), (":" + name).c_str());
  if (index != 0) {
    statement.bind(index, value);
    return;
  }
  std::vector<std::string> known;
  for (int i = 1; i <= sqlite3_bind_parameter_count(statement.handle()); ++i) {
    const char* parameter = sqlite3_bind_parameter_name(statement.handle(), i);
    if (parameter != nullptr) known.emplace_back(parameter + 1);
  }
  throw SqlMistake("the query has no parameter '" + name + "'; it has " +
                   (known.empty() ? "none" : protocol::join(known, true)) +
                   protocol::did_you_mean(name, known));
}

}  // namespace

SqlMistake::~SqlMistake() = default;

std::vector<std::string> Rows::columns() const {
  std::vector<std::string> names;
  for (int i = 0; i < statement_.columns(); ++i)
    names.push_back(statement_.column_name(i));
  return names;
}

bool Rows::next(std::vector<Json>& values) {
  const bool found = author_ == Author::user
                         ? explain_mistakes(sqlite3_db_handle(statement_.handle()),
                                            [this] { return statement_.step(); })
                         : statement_.step();
  if (!found) return false;
  values.resize(static_cast<std::size_t>(statement_.columns()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = statement_.value(static_cast<int>(i));
  return true;
}

Rows select(const Store& store, const std::string& sql,
            const std::vector<std::pair<std::string, std::string>>& parameters) {
  const auto& connection = connection_of(store);
  auto statement =
      explain_mistakes(connection.handle(), [&] { return Statement(connection, sql); });
  if (statement.handle() == nullptr) throw SqlMistake("the SQL contains no statement");
  const std::string_view used = sqlite3_sql(statement.handle());
  if (sql.find_first_not_of(" \t\n;", used.size()) != std::string::npos)
    throw SqlMistake("more than one statement: '" + sql.substr(used.size()) + "'");
  for (const auto& [name, value] : parameters)
    bind_by_name(statement, name, value);
  return Rows(std::move(statement), Rows::Author::user);
}

}  // namespace earshot::host
