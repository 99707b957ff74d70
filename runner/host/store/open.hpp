#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/store/migration.hpp"
#include "host/store/sqlite.hpp"

namespace earshot::host {

/// Opens for the one writer: creates the folders and the file, refuses network file systems (whose
/// locks do not hold), checks the content of a small file and of one that was not closed, sets
/// write-ahead logging with a sync at every commit, and migrates.
///
/// EARSHOT_SINGLE_HOST=1 in the environment admits a network file system, with a rollback journal
/// instead of the write-ahead log; then only one host may use the file.
Connection open_for_writing(const std::filesystem::path& file,
                            const std::vector<Migration>& known = migrations());

/// Opens an existing file so that nothing can be changed: no row, no setting, no other file. No
/// file is left beside it. Permission to read the file and its folder is enough.
Connection open_for_reading(const std::filesystem::path& file,
                            const std::vector<Migration>& known = migrations());

/// Whether this process may write or create the file, for which SQLite needs its folder as well.
bool may_write(const std::filesystem::path& file);

/// Copies the file as it is between two transactions, while others may write, into a new file.
/// @throws Failure (store_unusable); Failure (usage) if `copy` exists
void back_up(const std::filesystem::path& file, const std::filesystem::path& copy);

/// Name of a file system whose locks do not hold between hosts ("nfs"), by its magic number; "" for
/// all others. Numbers: linux/magic.h and the file systems' own sources.
std::string network_file_system(long magic);

}  // namespace earshot::host
