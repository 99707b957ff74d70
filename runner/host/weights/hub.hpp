#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/failure.hpp"
#include "host/weights/http.hpp"
#include "host/weights/settings.hpp"
#include "host/weights/source.hpp"

namespace earshot::host {

/// What the hub refuses or cannot do, in words that say what to do.
class HubError : public Failure {
 public:
  HubError(const std::string& message, int http_status, bool may_pass, double asked = -1)
      : Failure(ExitCode::cells_not_ok, message),
        status(http_status),
        passing(may_pass),
        wait(asked) {}
  int status;    ///< of HTTP; 0: there was no answer
  bool passing;  ///< another attempt may succeed: 408, 429, 5xx, cuts, timeouts
  double wait;   ///< s that the hub asks to wait; negative: it does not ask
};

/// What is in a repository at a revision.
struct HubRepository {
  std::string commit{};
  struct File {
    std::int64_t size = -1;  ///< bytes; -1 where the hub does not say
    std::string etag{};      ///< "" where it does not say
  };
  std::map<std::string, File> files{};
  std::string licence{};  ///< of the model card; "" when it names none

  std::vector<std::string> names() const;
};

/// A file as the hub stores it.
struct HubFile {
  std::string etag{};    ///< SHA-256 of large files (64 digits), else git's hash of a blob (40)
  std::string commit{};  ///< that it belongs to
  std::int64_t size = 0;
};

/// Asks a Hugging Face hub. The token goes to the hub's own scheme, host and port only; redirects
/// to other hosts (which store large files) are followed without it.
class Hub {
 public:
  /// @param note takes lines for people: what failed and is tried again
  explicit Hub(HubSettings settings, std::function<void(const std::string&)> note = {});

  const HubSettings& settings() const { return settings_; }

  /// GET /api/models/<owner>/<repo>/revision/<revision>; each once.
  /// @throws HubError, also for answers that cannot be trusted, such as file names with '..'
  const HubRepository& repository(const HubSource& source);
  /// HEAD of a file. @throws HubError
  HubFile file(const HubSource& source, const std::string& revision, const std::string& name);
  /// The content of a small file. @throws HubError
  std::string text(const HubSource& source, const std::string& revision, const std::string& name);

  /// One attempt to get a file from byte `begin` on. The sink sees only answers 200 (the hub begins
  /// at 0 again) and 206. @throws HubError, what the sink throws
  void download(const HubSource& source, const std::string& revision, const std::string& name,
                std::int64_t begin,
                const std::function<void(const HttpAnswer&, std::string_view)>& sink);

  /// Waits before another attempt: as long as the hub asks, or longer and longer.
  /// @throws the error itself when another attempt makes no sense: it is not passing, or was
  /// `attempt` the last, or the hub asks for more than 5 minutes.
  void wait_after(const HubError& error, int attempt) const;

 private:
  enum class Follow { all, own };
  HttpAnswer send(HttpRequest request, Follow follow, const HubSource& source,
                  const std::string& name);
  HttpAnswer persist(const HttpRequest& request, Follow follow, const HubSource& source,
                     const std::string& name);
  [[noreturn]] void refuse(const HttpAnswer& answer, const HubSource& source,
                           const std::string& name) const;
  std::string address(const HubSource& source, const std::string& revision,
                      const std::string& name) const;

  HubSettings settings_;
  std::string origin_;
  std::function<void(const std::string&)> note_;
  Http http_;
  std::map<std::string, HubRepository> known_{};
};

}  // namespace earshot::host
