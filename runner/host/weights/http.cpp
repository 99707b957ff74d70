#include "host/weights/http.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <exception>
#include <mutex>

#include <curl/curl.h>

namespace earshot::host {

namespace {

struct UrlDelete {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDelete>;

std::string part_of(const Url& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

Url parsed(const std::string& url, const std::string& location = "") {
  Url handle(curl_url());
  bool good = curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
  if (!location.empty())
    good = good && curl_url_set(handle.get(), CURLUPART_URL, location.c_str(), 0) == CURLUE_OK;
  const auto scheme = good ? part_of(handle, CURLUPART_SCHEME) : "";
  if (scheme != "https" && scheme != "http")
    throw HttpFault("'" + (location.empty() ? url : location) + "' is not an http or https address",
                    false);
  return handle;
}

struct Transfer {
  const HttpRequest& request;
  HttpAnswer answer{};
  std::exception_ptr failure{};

  void take_header(std::string_view line) {
    if (line.starts_with("HTTP/")) {  // an interim response came before
      answer = {};
      const auto space = line.find(' ');
      answer.status = std::atoi(std::string(line.substr(std::min(space, line.size()))).c_str());
      return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string name(line.substr(0, colon)), value(line.substr(colon + 1));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto begin = value.find_first_not_of(" \t");
    const auto end = value.find_last_not_of(" \t\r\n");
    answer.headers[name] = begin == std::string::npos ? "" : value.substr(begin, end - begin + 1);
  }
  void take_body(std::string_view piece) {
    if (request.sink && (answer.status == 200 || answer.status == 206)) {
      request.sink(answer, piece);
    } else {
      if (answer.body.size() + piece.size() > request.most)
        throw HttpFault("the answer is longer than " + std::to_string(request.most) + " bytes",
                        false);
      answer.body += piece;
    }
  }
};

/// Exceptions must not pass through libcurl, which is C.
template <void (Transfer::*take)(std::string_view)>
std::size_t on_data(char* data, std::size_t, std::size_t bytes, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    (transfer.*take)({data, bytes});
    return bytes;
  } catch (...) {
    transfer.failure = std::current_exception();
    return bytes == 0 ? 1 : 0;  // returning anything but `bytes` ends the transfer
  }
}

bool is_passing(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_OUT_OF_MEMORY:
      return false;
    default:
      return true;
  }
}

}  // namespace

struct Http::Handle {
  CURL* curl = nullptr;
  char error[CURL_ERROR_SIZE] = "";
  std::chrono::seconds stall{};

  template <class T>
  void set(CURLoption option, T value) {
    if (curl_easy_setopt(curl, option, value) != CURLE_OK)
      throw HttpFault("this libcurl lacks a required option", false);
  }
  void prepare(const HttpRequest& request, Transfer& transfer, curl_slist* headers) {
    curl_easy_reset(curl);  // keeps connections open
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_NOBODY, request.head ? 1L : 0L);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_USERAGENT, "earshot/" EARSHOT_VERSION);
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(stall.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall.count()));
    set(CURLOPT_BUFFERSIZE, 256L << 10);
    set(CURLOPT_ERRORBUFFER, error);
    set(CURLOPT_HEADERFUNCTION, &on_data<&Transfer::take_header>);
    set(CURLOPT_HEADERDATA, &transfer);
    set(CURLOPT_WRITEFUNCTION, &on_data<&Transfer::take_body>);
    set(CURLOPT_WRITEDATA, &transfer);
    for (const auto* name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
      const char* file = std::getenv(name);
      if (file != nullptr && *file != '\0') set(CURLOPT_CAINFO, file);
    }
  }
};

const std::string& HttpAnswer::header(const std::string& name) const {
  static const std::string none;
  const auto found = headers.find(name);
  return found == headers.end() ? none : found->second;
}

Http::Http(std::chrono::seconds stall) : handle_(std::make_unique<Handle>()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  handle_->stall = stall;
  handle_->curl = curl_easy_init();
  if (handle_->curl == nullptr) throw HttpFault("libcurl cannot be used", false);
}

Http::~Http() {
  curl_easy_cleanup(handle_->curl);
}

HttpAnswer Http::send(const HttpRequest& request) {
  parsed(request.url);
  struct ListDelete {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  std::unique_ptr<curl_slist, ListDelete> headers;
  for (const auto& header : request.headers) {
    auto* longer = curl_slist_append(headers.get(), header.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers.release());
    headers.reset(longer);
  }
  Transfer transfer{request};
  handle_->prepare(request, transfer, headers.get());
  const auto code = curl_easy_perform(handle_->curl);
  if (transfer.failure) std::rethrow_exception(transfer.failure);
  if (code != CURLE_OK)
    throw HttpFault(handle_->error[0] == '\0' ? curl_easy_strerror(code) : handle_->error,
                    is_passing(code));
  if (!transfer.answer.header("retry-after").empty()) {
    curl_off_t seconds = 0;
    curl_easy_getinfo(handle_->curl, CURLINFO_RETRY_AFTER, &seconds);
    transfer.answer.retry_after = static_cast<double>(seconds);
  }
  return std::move(transfer.answer);
}

std::string origin_of(const std::string& url) {
  const auto handle = parsed(url);
  auto host = part_of(handle, CURLUPART_HOST);
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return part_of(handle, CURLUPART_SCHEME) + "://" + host + ":" +
         part_of(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

std::string redirected(const std::string& url, const std::string& location) {
  return part_of(parsed(url, location), CURLUPART_URL);
}

std::string url_encoded(std::string_view text, bool keep_slashes) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string encoded;
  for (const unsigned char c : text) {
    const bool plain = (std::isalnum(c) != 0 && c < 0x80) || c == '-' || c == '_' || c == '.' ||
                       c == '~' || (c == '/' && keep_slashes);
    if (plain) {
      encoded += static_cast<char>(c);
    } else {
      encoded += '%';
      encoded += digits[c >> 4];
      encoded += digits[c & 15];
    }
  }
  return encoded;
}

}  // namespace earshot::host
