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

/// A request that the hub refuses or cannot serve; the message says what to do.
class HubError : public Failure {
 public:
  HubError(const std::string& message, int http_status, bool may_pass, double asked = -1)
      : Failure(ExitCode::cells_not_ok, message),
        status(http_status),
        passing(may_pass),
        wait(asked) {}
  int status;    ///< HTTP status; 0: there was no response
  bool passing;  ///< another attempt may succeed: 408, 429, 5xx, broken connections, timeouts
  double wait;   ///< seconds that the hub asks to wait; negative: none
};

/// Content of a repository at a revision.
struct HubRepository {
  std::string commit{};
  struct File {
    std::int64_t size = -1;  ///< bytes; -1 if the hub does not report it
    std::string etag{};      ///< "" if it is not reported
  };
  std::map<std::string, File> files{};
  std::string licence{};  ///< of the model card; "" if it names none

  std::vector<std::string> names() const;
};

/// A file as the hub stores it.
struct HubFile {
  std::string etag{};    ///< SHA-256 of large files (64 digits), otherwise git's blob hash (40)
  std::string commit{};  ///< to which it belongs
  std::int64_t size = 0;
};

/// Client of a Hugging Face hub. The token is sent only to the hub's own scheme, host and port;
/// redirects to other hosts (which store large files) are followed without it.
class Hub {
 public:
  /// @param note receives lines for people: what failed and is retried
  explicit Hub(HubSettings settings, std::function<void(const std::string&)> note = {});

  const HubSettings& settings() const { return settings_; }

  /// GET /api/models/<owner>/<repo>/revision/<revision>; once per source.
  /// @throws HubError, also for answers that cannot be trusted, such as file names with '..'
  const HubRepository& repository(const HubSource& source);
  /// HEAD of a file. @throws HubError
  HubFile file(const HubSource& source, const std::string& revision, const std::string& name);
  /// The content of a small file. @throws HubError
  std::string text(const HubSource& source, const std::string& revision, const std::string& name);

  /// A single attempt to download a file from byte `begin` on. The sink receives only 200 answers
  /// (the hub starts again at 0) and 206. @throws HubError, and whatever the sink throws
  void download(const HubSource& source, const std::string& revision, const std::string& name,
                std::int64_t begin,
                const std::function<void(const HttpAnswer&, std::string_view)>& sink);

  /// Waits before another attempt: as long as the hub asks, otherwise increasingly long.
  /// @throws the error itself if another attempt is pointless: the error is not passing, `attempt`
  /// was the last one, or the hub asks to wait for more than 5 minutes.
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
