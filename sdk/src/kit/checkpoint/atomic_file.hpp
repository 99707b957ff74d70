#pragma once
#include <cstddef>
#include <filesystem>

namespace earshot::kit::checkpoint {

/// A file that appears under its name only when it is complete.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& file);  ///< @throws DataError, like all below
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);
  void commit();  ///< flushes what was written and gives it the name

 private:
  [[noreturn]] void fail(int error) const;

  std::filesystem::path file_, temporary_;
  int descriptor_ = -1;
  bool done_ = false;
};

}  // namespace earshot::kit::checkpoint
