#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/base/ask.hpp"
#include "host/plan/hash_cache.hpp"
#include "protocol/datasets.hpp"

namespace earshot::host {

/// What a dataset says of itself.
struct Listing {
  protocol::DatasetInfo info{};
  std::vector<std::string> files{};  ///< every audio file once, in order of first use; path texts
  protocol::LeftOut left_out{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Listing, info, files, left_out)

/// What only plugins know. Tests have answers of their own.
class PluginQueries {
 public:
  virtual ~PluginQueries();

  /// What each plugin file has, or why it cannot be used: in order {"info": PluginInfo} or
  /// {"refused": reason}.
  virtual std::vector<Json> inspect(const std::vector<std::string>& files) = 0;
  /// What a constructed component says of itself. @throws WorkerError
  virtual protocol::Facts resolve(const protocol::ComponentRef& component) = 0;
  /// @throws WorkerError
  virtual Listing list(const protocol::ComponentRef& dataset) = 0;
};

/// Asks workers: each plugin is inspected in one of its own, since it may crash while it loads,
/// with at most a minute to do so; all other questions go to one that is kept, within the limits. A
/// worker that dies over a question after others is not the fault of this one for sure: it is asked
/// once more, of a new one.
class WorkerQueries : public PluginQueries {
 public:
  WorkerQueries(WorkerOptions options, AskLimits limits,
                std::function<void(const std::string&)> progress);

  std::vector<Json> inspect(const std::vector<std::string>& files) override;
  protocol::Facts resolve(const protocol::ComponentRef& component) override;
  Listing list(const protocol::ComponentRef& dataset) override;

 private:
  template <class Verb, class OnEvent = PassOver>
  typename Verb::Result asked(const typename Verb::Request& request,
                              const std::function<void()>& begin = {},
                              const OnEvent& on_event = {});

  WorkerOptions options_;
  AskLimits limits_;
  std::function<void(const std::string&)> progress_;
  std::unique_ptr<WorkerProcess> worker_;
  int answered_ = 0;  ///< questions by this worker
};

/// Answers of workers, a file each: `<folder>/<question>.json`. A file is written at once and
/// checked when it is read, so that many runners, on many machines, may share them; a damaged one
/// is as good as none. If nothing can be written, nothing is kept.
class Answers {
 public:
  explicit Answers(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The answer to a question asked before; null if it never was.
  /// @param question a SHA-256 of all that the answer depends on
  Json recall(const std::string& question) const;
  void keep(const std::string& question, const Json& answer) const;

 private:
  std::filesystem::path file(const std::string& question) const {
    return folder_ / (question + ".json");
  }

  std::filesystem::path folder_;
};

/// Answers of other queries, kept in `<cache>/answers`. A plugin is known by its content; a
/// dataset's listing also by the stamps of its sources, of what its options name, of all files that
/// it lists and of the folders that these lie in, so that it is asked anew when one of them went
/// away, came or changed. Refusals and errors are asked again.
class CachedQueries : public PluginQueries {
 public:
  /// @param worker what answers depend on besides plugins: the worker program
  CachedQueries(PluginQueries& other, HashCache& hashes, const std::filesystem::path& cache,
                std::string worker)
      : other_(other), hashes_(hashes), answers_(cache / "answers"), worker_(std::move(worker)) {}

  std::vector<Json> inspect(const std::vector<std::string>& files) override;
  protocol::Facts resolve(const protocol::ComponentRef& component) override;
  Listing list(const protocol::ComponentRef& dataset) override;

 private:
  /// What an answer to it depends on. @throws std::system_error if the plugin cannot be read
  std::string question(const std::string& verb, const protocol::ComponentRef& component);
  /// Whether a plugin is what it was when it was hashed: only then is an answer about it.
  bool is_still(const std::filesystem::path& file, const std::string& sha256);

  PluginQueries& other_;
  HashCache& hashes_;
  Answers answers_;
  std::string worker_;
};

}  // namespace earshot::host
