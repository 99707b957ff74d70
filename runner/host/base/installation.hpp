#pragma once
#include <filesystem>

namespace earshot::host {

/// The build tree and an installation have one layout, so that files find each other from the place
/// of the running executable: <prefix>/bin/runner, <prefix>/libexec/earshot/earshot-worker,
/// <prefix>/lib/earshot/plugins.
/// @throws Failure (usage) if the worker is not there.
std::filesystem::path worker_file();

/// The folder of the plugins that come with Earshot; it may be absent.
std::filesystem::path plugin_folder();

}  // namespace earshot::host
