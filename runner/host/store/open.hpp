#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/store/sqlite.hpp"

namespace earshot::host {

/// How a file comes from one version of the schema to another. Once released its text stays as it
/// is.
struct Migration {
  std::string name{}, sql{};
  std::int64_t from = 0, to = 0;  ///< from 0: of a new file
};

/// Migrates tables: views are created again at the end of each migration, as views.sql has them
/// then; a change of views.sql alone takes a migration that changes no table. A new file is made at
/// once as the last version is (schema.sql); files of schema 1 are from before there were users.
const std::vector<Migration>& migrations();

/// The version of the schema that this runner reads and writes.
std::int64_t newest_schema();

/// Brings the file to the highest version of `known`, all in one transaction; a process that comes
/// second finds nothing to do. Before a file with content is changed, it is copied to
/// `<file>.v<version>.bak`. Views that are not Earshot's are kept as they are.
/// @throws Failure (store_unusable) if the file is newer, older than `known` goes back to, of
/// another program, or was made by a build with other migrations of the same numbers; if a view of
/// the user has the name of one that comes
void migrate(Connection& connection, const std::filesystem::path& file,
             const std::vector<Migration>& known);

/// Opens for the one writer: creates the folders and the file, refuses network file systems (whose
/// locks do not hold), checks the content of a small file and of one that was not closed, sets
/// write-ahead logging with a sync at every commit, and migrates.
///
/// EARSHOT_SINGLE_HOST=1 in the environment admits a network file system, with a rollback journal
/// instead of the write-ahead log; then only one host may use the file.
Connection open_for_writing(const std::filesystem::path& file);

/// Opens an existing file so that nothing can be changed: no row, no setting, no other file; nor is
/// a file left beside it. The file and its folder may be such that only reading is allowed.
Connection open_for_reading(const std::filesystem::path& file);

/// Whether this process may write the file, or make it: SQLite needs its folder for that as well.
bool may_write(const std::filesystem::path& file);

/// Copies the file as it is between two transactions, while others may write, into a new file.
/// @throws Failure (store_unusable); Failure (usage) if `copy` exists
void back_up(const std::filesystem::path& file, const std::filesystem::path& copy);

/// Name of a file system whose locks do not hold between hosts ("nfs"), by its magic number; ""
/// for all others. Numbers: linux/magic.h and the file systems' own sources.
std::string network_file_system(long magic);

}  // namespace earshot::host
