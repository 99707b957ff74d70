#include "host/base/installation.hpp"

#include <system_error>

#include "host/base/failure.hpp"

namespace earshot::host {

std::filesystem::path install_prefix() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
}

std::filesystem::path shared_folder() {
  return install_prefix() / EARSHOT_SHARE_DIR;
}

std::filesystem::path worker_file() {
  const auto file = install_prefix() / EARSHOT_LIBEXEC_DIR / "earshot-worker";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    throw Failure(ExitCode::usage,
                  file.string() +
                      ": the worker program, which loads the plugins, is missing; expected it next "
                      "to the runner's folder. Build or install Earshot again");
  return file;
}

std::filesystem::path http_module() {
  return install_prefix() / EARSHOT_LIBEXEC_DIR / "earshot-http.so";
}

std::filesystem::path plugin_folder() {
  return install_prefix() / EARSHOT_PLUGIN_DIR;
}

}  // namespace earshot::host
