#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file_lock.hpp"
#include "files.hpp"
#include "sound_file.hpp"
#include "temporary_folder.hpp"

namespace earshot::testing {

/// Whether there is such a process, other than a zombie.
inline bool lives(pid_t process) {
  const auto stat = text_of("/proc/" + std::to_string(process) + "/stat");
  const auto end = stat.rfind(')');
  return end != std::string::npos && stat.at(end + 2) != 'Z';
}

/// How a `runner` ended.
struct Ended {
  int code = 0, signal = 0;
  std::string out{}, err{};
};

/// A `runner` that has been started.
class Runner {
 public:
  Runner(const std::filesystem::path& folder, std::vector<std::string> words,
         std::vector<std::string> environment)
      : out_(folder / ("out-" + std::to_string(++count_))), err_(out_.string() + ".err") {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, 1, out_.c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, err_.c_str(), flags, 0600);
    posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    words.insert(words.begin(), EARSHOT_BUILD_DIR "/bin/runner");
    for (char** entry = environ; *entry != nullptr; ++entry)
      environment.emplace_back(*entry);
    auto arguments = pointers(words), variables = pointers(environment);
    if (posix_spawn(&pid_, words[0].c_str(), &actions, nullptr, arguments.data(),
                    variables.data()) != 0)
      throw std::runtime_error(words[0] + " cannot be started");
    posix_spawn_file_actions_destroy(&actions);
  }

  pid_t pid() const { return pid_; }
  void kill(int signal) const { ::kill(pid_, signal); }
  bool has_ended() {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
  }

  Ended wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR)
      continue;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            WIFSIGNALED(status) ? WTERMSIG(status) : 0, text_of(out_), text_of(err_)};
  }

  /// Waits until it has printed this text, or has ended. @returns all that it has printed
  std::string wait_for(const std::string& text) {
    while (!has_ended() && text_of(out_).find(text) == std::string::npos)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return text_of(out_);
  }

  /// Processes that it started and that are still alive.
  std::vector<pid_t> children() const {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const auto name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      const auto stat = text_of(entry.path() / "stat");
      const auto end = stat.rfind(')');
      if (end == std::string::npos) continue;
      std::istringstream rest(stat.substr(end + 1));
      char state = 0;
      pid_t parent = 0;
      rest >> state >> parent;
      if (parent == pid_ && state != 'Z') found.push_back(std::stoi(name));
    }
    return found;
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (auto& text : texts)
      list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  }
  static inline int count_ = 0;

  std::filesystem::path out_, err_;
  pid_t pid_ = -1;
};

/// A folder with 70 short tones in three classes (two shards of features) and an experiment on
/// them: two encoders, a probe with three seeds and a nearest-neighbour task, 8 cells in all.
class Sandbox {
 public:
  static constexpr int cells = 8;

  Sandbox() {
    std::uint32_t state = 1;
    for (int clip = 0; clip < 70; ++clip) {
      auto wave = tone(4000, 300.0 * (1 + clip % 3) + clip, 16000);
      for (auto& sample : wave) {
        state = state * 1664525 + 1013904223;
        sample = 0.7f * sample + 0.3f * (static_cast<float>(state >> 8) / 8388608.0f - 1);
      }
      const auto file =
          data() / ("kind" + std::to_string(clip % 3)) / (std::to_string(clip) + ".wav");
      std::filesystem::create_directories(file.parent_path());
      write_sound(file, wave, 16000);
    }
    write_experiment(experiment());
  }

  std::filesystem::path data() const { return folder_ / "data"; }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

  static std::string experiment() {
    return R"([experiment]
name = "tones"
question = "Does it come back?"
[dataset.tones]
use = "folder"
options = { root = "data" }
[encoder.log_mel]
use = "log_mel"
[encoder.level_only]
use = "level_only"
[task.probe]
use = "linear_probe"
dataset = "tones"
options = { target = "class", n_train = 20, c = 1.0 }
[task.near]
use = "knn"
dataset = "tones"
options = { target = "class" }
[[matrix]]
encoder = ["log_mel", "level_only"]
task = ["probe"]
seed = [0, 1, 2]
[[matrix]]
encoder = ["log_mel", "level_only"]
task = ["near"]
seed = [0]
)";
  }

  void write_experiment(const std::string& text) const { write(folder_ / "tones.toml", text); }

  /// `runner tones.toml --results <results>/results.db` with these arguments and variables.
  Runner start(const std::string& results, std::vector<std::string> words = {},
               std::vector<std::string> environment = {}) const {
    remember_plugins(results);
    std::vector<std::string> all{"tones.toml", "--results", results + "/results.db"};
    all.insert(all.end(), words.begin(), words.end());
    return Runner(folder_.path(), std::move(all), std::move(environment));
  }
  Ended run(const std::string& results, std::vector<std::string> words = {},
            std::vector<std::string> environment = {}) const {
    return start(results, std::move(words), std::move(environment)).wait();
  }

  /// Any other command.
  Ended command(std::vector<std::string> words) const {
    if (const auto results = std::find(words.begin(), words.end(), "--results");
        results != words.end() && results + 1 != words.end())
      remember_plugins(std::filesystem::path(results[1]).parent_path());
    return Runner(folder_.path(), std::move(words), {}).wait();
  }
  std::string canonical(const std::string& results) const {
    const auto ended =
        command({"export", "tones", "--canonical", "--results", results + "/results.db"});
    if (ended.code != 0) throw std::runtime_error("export: " + ended.err);
    return ended.out;
  }
  /// The first column of the first row.
  std::string query(const std::string& results, const std::string& sql) const {
    const auto ended =
        command({"query", sql, "--format", "csv", "--results", results + "/results.db"});
    if (ended.code != 0) throw std::runtime_error("query: " + ended.err);
    const auto begin = ended.out.find('\n') + 1;
    const auto end = ended.out.find_first_of(",\r\n", begin);
    return ended.out.substr(begin, end - begin);
  }

 private:
  /// Starts from a cache with the descriptions of all plugins, by far the longest part of a first
  /// run: tests inspect them once for all their processes, and again when one was rebuilt.
  void remember_plugins(const std::filesystem::path& results) const {
    const auto cache = folder_ / (results / "cache").string();
    if (std::filesystem::exists(cache)) return;
    std::filesystem::create_directories(cache.parent_path());
    const std::filesystem::path described = EARSHOT_BUILD_DIR "/Testing/plugins";
    const FileLock lock(described.string() + ".lock");
    Runner(folder_.path(), {"plugins", "--results", (described / "results.db").string()}, {})
        .wait();
    std::filesystem::copy(described / "cache", cache, std::filesystem::copy_options::recursive);
  }

  TemporaryFolder folder_;
};

inline void sleep_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

}  // namespace earshot::testing
