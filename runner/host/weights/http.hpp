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

/// No response, or only part of one.
struct HttpFault : std::runtime_error {
  HttpFault(const std::string& message, bool p) : std::runtime_error(message), passing(p) {}
  bool passing;  ///< another attempt may succeed: a broken connection, a timeout, an unknown host
};

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers{};  ///< names in lower case
  std::string body{};                            ///< empty if a sink took it
  double retry_after = -1;  ///< seconds that the server asks to wait; negative: none

  const std::string& header(const std::string& name) const;  ///< "" when there is none
};

struct HttpRequest {
  std::string url{};
  bool head = false;
  std::vector<std::string> headers{};  ///< "Name: value"
  /// Receives the body of a 200 or 206 response in pieces. An exception from it ends the transfer
  /// and is rethrown.
  std::function<void(const HttpAnswer&, std::string_view)> sink{};
  std::size_t most = 64 << 20;  ///< maximum size of a body that goes into the answer, in bytes
};

/// Sends requests with libcurl over persistent connections. Certificates are verified, against
/// REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE if one is set; proxies are taken from the
/// environment (https_proxy, no_proxy). Redirects are not followed.
class Http {
 public:
  /// @param stall a transfer that receives no byte for this long is aborted
  explicit Http(std::chrono::seconds stall);
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  /// Returns any response of the server, including errors. @throws HttpFault, also for addresses
  /// that are neither http nor https
  HttpAnswer send(const HttpRequest& request);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

/// "https://host:443" of a URL. @throws HttpFault if `url` is not a URL, or neither http nor https.
std::string origin_of(const std::string& url);
/// The URL to which a Location header refers. @throws HttpFault like origin_of().
std::string redirected(const std::string& url, const std::string& location);
/// Percent-encoded; with `keep_slashes`, '/' is left as it is.
std::string url_encoded(std::string_view text, bool keep_slashes);

}  // namespace earshot::host
