#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/store/sqlite.hpp"

namespace earshot::host {

/// How a file gets from one version of the schema to another. Once released, its text stays as it
/// is: files keep its hash.
struct Migration {
  std::string name{}, sql{};
  std::int64_t from = 0, to = 0;  ///< from 0: of a new file
};

/// The steps that this runner knows. A new file is created by schema.sql as the newest version;
/// every released version needs a step to a later one. Schemas 1 to 3 are of development versions.
/// Views are not part of a step: all are created again from views.sql at the end, so that a change
/// of views.sql alone takes a step that changes no table.
const std::vector<Migration>& migrations();

/// The highest version that `known` leads to: what this runner reads and writes.
std::int64_t newest_schema(const std::vector<Migration>& known = migrations());

/// The version of an open file; 0 while it is empty.
std::int64_t schema_of(const Connection& connection);

/// @throws Failure (store_unusable) if the file is of another program, newer than `known`, or of a
/// development version: one from which no step leads on, or whose steps had other texts.
void require_known(const Connection& connection, const std::filesystem::path& file,
                   const std::vector<Migration>& known);

/// Brings the file to the newest version in one transaction; a process that comes second finds
/// nothing to do. Before a file with content is changed, it is copied to
/// `<file>.v<version>.bak`. The user's own views are kept.
/// @throws Failure (store_unusable) as require_known(); or if the user has a view with the name of
/// a new one
void migrate(Connection& connection, const std::filesystem::path& file,
             const std::vector<Migration>& known);

}  // namespace earshot::host
