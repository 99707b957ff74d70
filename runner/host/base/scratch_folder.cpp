#include "host/base/scratch_folder.hpp"

#include <cerrno>
#include <system_error>

#include <stdlib.h>

namespace earshot::host {

namespace fs = std::filesystem;

ScratchFolder::ScratchFolder(const fs::path& parent, const std::string& prefix) {
  auto pattern = (parent / prefix).string() + std::string(6, 'X');
  if (::mkdtemp(pattern.data()) == nullptr)
    throw fs::filesystem_error("cannot be created", parent,
                               std::error_code(errno, std::generic_category()));
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace earshot::host
