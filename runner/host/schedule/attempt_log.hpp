#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace earshot::host {

/// The log of one attempt: what the worker prints, capped. The first half of the cap goes to the
/// file as it arrives; of what follows only the last half of the cap is kept and written on close,
/// after a line that says how much is left out. So the file survives a crash of anyone, and a
/// plugin that prints a gigabyte fills no disk.
class AttemptLog {
 public:
  static constexpr std::size_t default_cap = 1u << 20;

  /// Creates the file `<stem>-<attempt>.log` with its folders, and writes `header` as its first
  /// line. A log that is there stays: the next free number is taken then.
  /// @throws Failure (store_unusable) if it cannot be created.
  AttemptLog(const std::filesystem::path& stem, std::int64_t attempt, std::string_view header,
             std::size_t cap = default_cap);
  ~AttemptLog();
  AttemptLog(AttemptLog&&) = default;
  AttemptLog& operator=(AttemptLog&&) = delete;

  void write(std::string_view bytes);
  void close();
  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
  std::ofstream stream_;
  std::size_t half_, head_ = 0, dropped_ = 0;
  std::string tail_;
};

}  // namespace earshot::host
