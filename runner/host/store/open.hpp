#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/store/migration.hpp"
#include "host/store/sqlite.hpp"

namespace earshot::host {

/// Opens the file for its only writer: creates folders and file, refuses network file systems
/// (whose locks are unreliable), checks the content of a small file and of one that was not closed,
/// turns on write-ahead logging with a sync at every commit, and migrates.
///
/// EARSHOT_SINGLE_HOST=1 in the environment permits a network file system, with a rollback journal
/// instead of the write-ahead log; then only one host may use the file.
Connection open_for_writing(const std::filesystem::path& file,
                            const std::vector<Migration>& known = migrations());

/// Opens an existing file such that no row, setting or other file can be changed, and leaves no
/// file next to it. Needs only permission to read the file and its folder.
Connection open_for_reading(const std::filesystem::path& file,
                            const std::vector<Migration>& known = migrations());

/// Whether this process may write or create the file; SQLite must be able to write the folder as
/// well.
bool may_write(const std::filesystem::path& file);

/// Copies the file as it is between two transactions, while others may write, into a new file.
/// @throws Failure (store_unusable); Failure (usage) if `copy` exists
void back_up(const std::filesystem::path& file, const std::filesystem::path& copy);

/// The name of a file system whose locks are unreliable between hosts ("nfs"), by its magic number;
/// "" for all others. Numbers: linux/magic.h and the sources of the file systems.
std::string network_file_system(long magic);

}  // namespace earshot::host
