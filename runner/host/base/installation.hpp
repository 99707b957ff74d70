#pragma once
#include <filesystem>

namespace earshot::host {

/// The build tree and an installation have the same layout, so that files are found relative to the
/// running executable: <prefix>/bin/runner, <prefix>/libexec/earshot/earshot-worker,
/// <prefix>/lib/earshot/plugins.

/// The worker program.
/// @throws Failure (usage) if the worker is not there.
std::filesystem::path worker_file();

/// The module with which `runner view` listens; it may be missing.
std::filesystem::path http_module();

/// <prefix>.
std::filesystem::path install_prefix();

/// <prefix>/share/earshot: the plugin templates, in template/.
std::filesystem::path shared_folder();

/// The folder of the plugins that come with Earshot; it may be missing.
std::filesystem::path plugin_folder();

}  // namespace earshot::host
