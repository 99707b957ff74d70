#pragma once
#include <cstdint>
#include <filesystem>

namespace earshot::host {

/// A living process holds a lock on one byte of `<results file>-owners`. The system releases it
/// however the process ends. It also works across containers that share the folder, in which
/// process ids are meaningless.
class OwnerLock {
 public:
  OwnerLock() = default;
  /// Takes the lock of `owner`. @throws Failure (store_unusable)
  OwnerLock(const std::filesystem::path& results, std::int64_t owner);
  ~OwnerLock();
  OwnerLock(OwnerLock&& other) noexcept;
  OwnerLock& operator=(OwnerLock&& other) noexcept;

  /// Whether a process, this one included, holds the lock of `owner`.
  static bool held(const std::filesystem::path& results, std::int64_t owner);

 private:
  int descriptor_ = -1;
};

}  // namespace earshot::host
