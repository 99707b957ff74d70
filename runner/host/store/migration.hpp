#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/store/sqlite.hpp"

namespace earshot::host {

/// Converts a file from one version of the schema to another. Once released, its text must never
/// change, since files keep its hash.
struct Migration {
  std::string name{}, sql{};
  std::int64_t from = 0, to = 0;  ///< from 0: creates a new file
};

/// The steps that this runner knows. schema.sql creates a new file of the newest version; every
/// released version needs a step to a later one. Schemas 1 to 4 were development versions. Views
/// are not part of a step, but are all created again from views.sql at the end; so changing
/// views.sql alone takes a step that changes no table.
const std::vector<Migration>& migrations();

/// The highest version that `known` leads to, which is the one that this runner reads and writes.
std::int64_t newest_schema(const std::vector<Migration>& known = migrations());

/// The version of an open file; 0 while it is empty.
std::int64_t schema_of(const Connection& connection);

/// @throws Failure (store_unusable) if the file belongs to another program, is newer than `known`,
/// or has a development version: one without a further step, or whose steps had other texts.
void require_known(const Connection& connection, const std::filesystem::path& file,
                   const std::vector<Migration>& known);

/// Converts the file to the newest version in one transaction; a second process finds nothing to
/// do. Before a file with content is changed, it is copied to
/// `<file>.v<version>.bak`. The user's own views are kept.
/// @throws Failure (store_unusable) as require_known() does, and if the user has a view with the
/// name of a new one
void migrate(Connection& connection, const std::filesystem::path& file,
             const std::vector<Migration>& known);

}  // namespace earshot::host
