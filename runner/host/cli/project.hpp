#pragma once
#include <filesystem>
#include <optional>

namespace earshot::host {

/// A project file, `earshot.toml`, in the working folder or the nearest folder above it that has
/// one:
///
///     results = "results/results.db"    # the results file
///     cache = "/scratch/cache"          # features and cached hashes
///     plugin_path = ["plugins/build"]   # folders with plugins
///     [weights]
///     cache = "hub"                     # of the Hugging Face hub, as HF_HUB_CACHE
///     endpoint = "https://hub.local"    # as HF_ENDPOINT
///     offline = true                    # as HF_HUB_OFFLINE
///
/// Relative paths start at the file's folder; "~/" is the home folder, ${NAME} and
/// ${NAME:-default} are environment variables. Options of the command line and environment
/// variables (EARSHOT_RESULTS, EARSHOT_CACHE_DIR, EARSHOT_PLUGIN_PATH, HF_*) override the file.
/// A file that belongs to a user other than this one or root is ignored, since plugins are
/// programs.
std::optional<std::filesystem::path> find_project_file(const std::filesystem::path& folder);

/// Reads the project file and the environment into defaults(), and sets the environment variables
/// for weights from the file, unless they are set already.
/// @throws Failure (usage) with line and column for an unknown key or a value of another type
void apply_project();

}  // namespace earshot::host
