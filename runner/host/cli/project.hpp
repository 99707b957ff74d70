#pragma once
#include <filesystem>
#include <optional>

namespace earshot::host {

/// A project file, `earshot.toml` in the working folder or the nearest folder above it that has
/// one:
///
///     results = "results/results.db"    # the results file
///     cache = "/scratch/cache"          # features and remembered hashes
///     plugin_path = ["plugins/build"]   # folders with plugins
///     [weights]
///     cache = "hub"                     # of the Hugging Face hub, as HF_HUB_CACHE
///     endpoint = "https://hub.local"    # as HF_ENDPOINT
///     offline = true                    # as HF_HUB_OFFLINE
///
/// Relative paths are meant from the file's folder; "~/" is the home folder, ${NAME} and
/// ${NAME:-default} are environment variables. Options of the command line and environment
/// variables (EARSHOT_RESULTS, EARSHOT_CACHE_DIR, EARSHOT_PLUGIN_PATH, HF_*) override the file.
/// A file that belongs to another user than this one or root is passed over, since plugins are
/// programs.
std::optional<std::filesystem::path> find_project_file(const std::filesystem::path& folder);

/// Reads the project file and the environment into defaults(), and what the file says of weights
/// into the environment, where the variables are not set.
/// @throws Failure (usage) with line and column for an unknown key or a value of another type
void apply_project();

}  // namespace earshot::host
