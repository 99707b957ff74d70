#pragma once
#include <string_view>

namespace earshot::host {

/// The .sql files of this folder, put into the program when it is built.
extern const std::string_view schema_sql, migration_3_sql, views_sql, queries_sql;

}  // namespace earshot::host
