#include "host/weights/http.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <exception>

#include <curl/curl.h>
#include <dlfcn.h>

namespace earshot::host {

namespace {

/// libcurl, loaded when it is first used: with the thirty libraries behind it, it would take half
/// of the time of commands that never use it.
class Curl {
 public:
  decltype(&::curl_global_init) global_init = find<decltype(global_init)>("curl_global_init");
  decltype(&::curl_free) free = find<decltype(free)>("curl_free");
  decltype(&::curl_slist_append) slist_append = find<decltype(slist_append)>("curl_slist_append");
  decltype(&::curl_slist_free_all) slist_free_all =
      find<decltype(slist_free_all)>("curl_slist_free_all");
  decltype(&::curl_url) url = find<decltype(url)>("curl_url");
  decltype(&::curl_url_cleanup) url_cleanup = find<decltype(url_cleanup)>("curl_url_cleanup");
  decltype(&::curl_url_get) url_get = find<decltype(url_get)>("curl_url_get");
  decltype(&::curl_url_set) url_set = find<decltype(url_set)>("curl_url_set");
  decltype(&::curl_easy_init) easy_init = find<decltype(easy_init)>("curl_easy_init");
  decltype(&::curl_easy_cleanup) easy_cleanup = find<decltype(easy_cleanup)>("curl_easy_cleanup");
  decltype(&::curl_easy_reset) easy_reset = find<decltype(easy_reset)>("curl_easy_reset");
  decltype(&::curl_easy_setopt) easy_setopt = find<decltype(easy_setopt)>("curl_easy_setopt");
  decltype(&::curl_easy_perform) easy_perform = find<decltype(easy_perform)>("curl_easy_perform");
  decltype(&::curl_easy_getinfo) easy_getinfo = find<decltype(easy_getinfo)>("curl_easy_getinfo");
  decltype(&::curl_easy_strerror) easy_strerror =
      find<decltype(easy_strerror)>("curl_easy_strerror");

  Curl() { global_init(CURL_GLOBAL_DEFAULT); }

 private:
  template <class Function>
  static Function find(const char* name) {
    static void* const library = ::dlopen(EARSHOT_CURL, RTLD_NOW | RTLD_LOCAL);
    void* const function = library == nullptr ? nullptr : ::dlsym(library, name);
    if (function == nullptr)
      throw HttpFault(
          std::string(EARSHOT_CURL) + " cannot be used: " + ::dlerror() + ". Install libcurl",
          false);
    return reinterpret_cast<Function>(function);
  }
};

const Curl& curl() {
  static const Curl library;
  return library;
}

struct UrlDelete {
  void operator()(CURLU* url) const { curl().url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDelete>;

std::string part_of(const Url& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl().url_get(url.get(), part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl().free(text);
  return copy;
}

Url parsed(const std::string& url, const std::string& location = "") {
  Url handle(curl().url());
  bool good = curl().url_set(handle.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
  if (!location.empty())
    good = good && curl().url_set(handle.get(), CURLUPART_URL, location.c_str(), 0) == CURLUE_OK;
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
  CURL* easy = nullptr;
  char error[CURL_ERROR_SIZE] = "";
  std::chrono::seconds stall{};

  template <class T>
  void set(CURLoption option, T value) {
    if (curl().easy_setopt(easy, option, value) != CURLE_OK)
      throw HttpFault("this libcurl lacks a required option", false);
  }
  void prepare(const HttpRequest& request, Transfer& transfer, curl_slist* headers) {
    curl().easy_reset(easy);  // keeps connections open
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
  handle_->stall = stall;
  handle_->easy = curl().easy_init();
  if (handle_->easy == nullptr) throw HttpFault("libcurl cannot be used", false);
}

Http::~Http() {
  curl().easy_cleanup(handle_->easy);
}

HttpAnswer Http::send(const HttpRequest& request) {
  parsed(request.url);
  struct ListDelete {
    void operator()(curl_slist* list) const { curl().slist_free_all(list); }
  };
  std::unique_ptr<curl_slist, ListDelete> headers;
  for (const auto& header : request.headers) {
    auto* longer = curl().slist_append(headers.get(), header.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers.release());
    headers.reset(longer);
  }
  Transfer transfer{request};
  handle_->prepare(request, transfer, headers.get());
  const auto code = curl().easy_perform(handle_->easy);
  if (transfer.failure) std::rethrow_exception(transfer.failure);
  if (code != CURLE_OK)
    throw HttpFault(handle_->error[0] == '\0' ? curl().easy_strerror(code) : handle_->error,
                    is_passing(code));
  if (!transfer.answer.header("retry-after").empty()) {
    curl_off_t seconds = 0;
    curl().easy_getinfo(handle_->easy, CURLINFO_RETRY_AFTER, &seconds);
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
