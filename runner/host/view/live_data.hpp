#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "host/report/page_data.hpp"

namespace earshot::host {

/// What `runner view` shows at the moment.
struct LiveState {
  std::string revision{};  ///< of the data, the same for equal ones; "" before they were first read
  std::shared_ptr<const std::string> data{};  ///< a PageData as JSON; null before
  std::string problem{};                      ///< why the results cannot be read now; or ""
  bool reading = false;                       ///< whether newer data are being read
};

struct LiveSettings {
  std::filesystem::path results{};
  std::vector<std::string> experiments{};  ///< names, in the order of the page; empty: all
  std::string generator{};                 ///< as in PageData
  /// More than a file holds, since nothing has to be sent: 300,000 answers take about 5 s to read.
  AnswerLimits limits{.read = 300'000, .shown = 300'000};
  std::chrono::milliseconds every{500};  ///< between two looks at the file
};

/// Reads page data from a results file whenever it has changed, in a thread of its own, so that
/// nobody waits for them. The file is opened as by every command that reads (Store::Mode::read),
/// once, and again if it is replaced. After reading, it rests four times as long as that took.
class LiveData {
 public:
  /// @throws Failure (store_unusable) if the file cannot be read; Failure (usage) for an unknown
  /// experiment, with the nearest name
  explicit LiveData(LiveSettings settings);
  /// Interrupts what is being read.
  ~LiveData();
  LiveData(const LiveData&) = delete;
  LiveData& operator=(const LiveData&) = delete;

  LiveState now() const;

 private:
  /// What data depend on: commits to the file, and whether the runners of running cells live.
  struct Seen {
    std::int64_t version = 0;
    std::set<std::int64_t> lost{};
    bool operator==(const Seen&) const = default;
  };

  std::shared_ptr<const Store> open();
  void work();
  void look();
  void read(const Store& store);
  void report(const std::string& problem);

  const LiveSettings settings_;
  mutable std::mutex mutex_{};
  std::condition_variable wake_{};
  std::shared_ptr<const Store> store_{};  ///< null after a problem
  std::int64_t inode_ = 0;                ///< of the file that is open
  std::optional<Seen> seen_{};            ///< when the data were read
  LiveState state_{};
  bool ended_ = false;
  std::atomic<bool> finished_{false};
  std::thread thread_{};
};

}  // namespace earshot::host
