#pragma once
#include <filesystem>

#include <earshot/error.hpp>

#include "protocol/components.hpp"

namespace earshot::worker {

/// Thrown if a file has changed since the experiment was planned, so that nothing computed from it
/// may be stored under the keys of that plan. It has the kind of a DataError, but never counts as a
/// lost clip.
struct FileChanged : Error {
  /// "<file>: <what happened> while the experiment ran; run again"
  explicit FileChanged(const std::filesystem::path& file, const std::string& what = "it changed");
  ~FileChanged() override;
};

/// Checks that the files that a component's options name are those of the plan, by their stamps,
/// and if these differ by their content. @throws FileChanged
void check_inputs(const protocol::ComponentRef& ref);

/// Checks that a file has the planned hash; "" accepts any content. @throws FileChanged
void check_content(const std::filesystem::path& file, const std::string& sha256);

}  // namespace earshot::worker
