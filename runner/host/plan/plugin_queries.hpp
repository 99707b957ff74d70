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

/// What a dataset reports about itself.
struct Listing {
  protocol::DatasetInfo info{};
  std::vector<std::string> files{};  ///< every audio file once, in order of first use; path texts
  protocol::LeftOuts left_out{};
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Listing, info, files, left_out)

/// Questions that only plugins can answer. Tests substitute answers of their own.
class PluginQueries {
 public:
  virtual ~PluginQueries();

  /// The components of each plugin file, or why it cannot be used, in the order of `files`:
  /// {"info": PluginInfo} or {"refused": reason}.
  virtual std::vector<Json> inspect(const std::vector<std::string>& files) = 0;
  /// What a component reports about itself once it is constructed. @throws WorkerError
  virtual protocol::Facts resolve(const protocol::ComponentRef& component) = 0;
  /// @throws WorkerError
  virtual Listing list(const protocol::ComponentRef& dataset) = 0;
};

/// Asks workers. Each plugin is inspected in a worker of its own, since it may crash while it
/// loads, and for at most a minute; all other questions go to one worker that is kept, within the
/// limits. If that worker dies over a question that was not its first, an earlier one may be to
/// blame, so a new worker is asked once more.
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
  int answered_ = 0;  ///< questions that this worker has answered
};

/// Answers of workers, in a file each: `<folder>/<question>.json`. A file is replaced as a whole
/// and checked when it is read, so that many runners on many machines may share the folder; a
/// damaged file counts as missing. If the folder cannot be written, nothing is kept.
class Answers {
 public:
  explicit Answers(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The answer to a question that was asked before; null if there is none.
  /// @param question a SHA-256 of everything that the answer depends on
  Json recall(const std::string& question) const;
  void keep(const std::string& question, const Json& answer) const;

 private:
  std::filesystem::path file(const std::string& question) const {
    return folder_ / (question + ".json");
  }

  std::filesystem::path folder_;
};

/// Keeps the answers of other queries in `<cache>/answers`. An answer is valid for the content of
/// its plugin. The listing of a dataset is valid while the stamps of its sources, of the files that
/// its options name, of all files that it lists and of their folders are unchanged, so that the
/// dataset is asked again when one of them was added, removed or changed. Refusals and errors are
/// not kept.
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
  /// A hash of what the answer depends on. @throws std::system_error if the plugin cannot be read
  std::string question(const std::string& verb, const protocol::ComponentRef& component);
  /// Whether a plugin is unchanged since it was hashed: only then is the answer about it.
  bool is_still(const std::filesystem::path& file, const std::string& sha256);

  PluginQueries& other_;
  HashCache& hashes_;
  Answers answers_;
  std::string worker_;
};

}  // namespace earshot::host
