#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace earshot::host {

/// No answer, or only part of one.
struct HttpFault : std::runtime_error {
  HttpFault(const std::string& message, bool p) : std::runtime_error(message), passing(p) {}
  bool passing;  ///< another attempt may succeed: a cut, a timeout, an unknown host
};

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers{};  ///< names in lower case
  std::string body{};                            ///< unless a sink took it
  double retry_after = -1;  ///< s that the server asks to wait; negative: it does not ask

  const std::string& header(const std::string& name) const;  ///< "" when there is none
};

struct HttpRequest {
  std::string url{};
  bool head = false;
  std::vector<std::string> headers{};  ///< "Name: value"
  /// Takes the body of an answer 200 or 206 in pieces. What it throws ends the transfer and is
  /// thrown on.
  std::function<void(const HttpAnswer&, std::string_view)> sink{};
  std::size_t most = 64 << 20;  ///< bytes of a body that goes into the answer
};

/// Sends requests with libcurl over connections that are kept. Certificates are checked, against
/// REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE where one is set; proxies are those of the
/// environment (https_proxy, no_proxy). Redirects are not followed.
class Http {
 public:
  /// @param stall without a byte for so long a transfer ends
  explicit Http(std::chrono::seconds stall);
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  /// Any answer of the server is returned, also an error. @throws HttpFault, also for addresses
  /// that are neither http nor https
  HttpAnswer send(const HttpRequest& request);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

/// "https://host:443" of a URL. @throws HttpFault if it is none, or neither http nor https.
std::string origin_of(const std::string& url);
/// The URL that a Location header means. @throws HttpFault as origin_of().
std::string redirected(const std::string& url, const std::string& location);
/// Percent-encoded, with `keep_slashes` part by part.
std::string url_encoded(std::string_view text, bool keep_slashes);

}  // namespace earshot::host
