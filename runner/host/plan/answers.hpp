#pragma once
#include <filesystem>
#include <string>

#include "protocol/json.hpp"

namespace earshot::host {

/// What workers answered before, a file each: `<cache>/answers/<question>.json`. A file is written
/// at once and checked when it is read, so that many runners, on many machines, may share them; a
/// damaged one is as good as none. Where nothing can be written, nothing is remembered.
class Answers {
 public:
  explicit Answers(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The answer to a question asked before; null if it never was.
  /// @param question a SHA-256 that says all that the answer depends on
  protocol::Json recall(const std::string& question) const;
  void remember(const std::string& question, const protocol::Json& answer) const;

 private:
  std::filesystem::path file(const std::string& question) const {
    return folder_ / (question + ".json");
  }

  std::filesystem::path folder_;
};

}  // namespace earshot::host
