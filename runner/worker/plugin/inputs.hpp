#pragma once
#include <filesystem>

#include <earshot/error.hpp>

#include "protocol/components.hpp"

namespace earshot::worker {

/// A file is another one than when the experiment was planned: what is made of it must not be kept
/// under the keys of that plan. Of the kind of a DataError, but never a clip that may be lost.
struct FileChanged : Error {
  /// "<file>: <what happened> while the experiment ran; run again"
  explicit FileChanged(const std::filesystem::path& file, const std::string& what = "it changed");
  ~FileChanged() override;
};

/// Compares what a component's options name with what was planned, by stamps, and where these
/// differ by content. @throws FileChanged
void check_inputs(const protocol::ComponentRef& ref);

/// Compares a file with a hash that was planned; "" fits all. @throws FileChanged
void check_content(const std::filesystem::path& file, const std::string& sha256);

}  // namespace earshot::worker
