#include "host/weights/hub.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <thread>

#include "host/weights/licence.hpp"
#include "protocol/json.hpp"

namespace earshot::host {

namespace {

using protocol::Json;

constexpr int most_redirects = 10;
constexpr double longest_wait = 300;  // maximum wait that the hub may request, in s
constexpr double longest_pause = 30;  // maximum pause between attempts otherwise, in s

/// Headers that the hub sets before it redirects to the storage of the file.
constexpr const char* hub_headers[] = {"x-linked-etag", "x-linked-size", "x-repo-commit"};

bool is_hexadecimal(const std::string& text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool is_hash(const std::string& etag) {
  return is_hexadecimal(etag, 64) || is_hexadecimal(etag, 40);
}

/// The text at this JSON pointer; "" if there is none.
std::string text_at(const Json& json, const char* place) {
  const Json::json_pointer pointer(place);
  return json.contains(pointer) && json[pointer].is_string() ? json[pointer] : Json("");
}

bool is_redirect(const HttpAnswer& answer) {
  const auto status = answer.status;
  return (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) &&
         !answer.header("location").empty();
}

std::int64_t integer(const std::string& text) {
  std::int64_t value = -1;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && rest == text.data() + text.size() ? value : -1;
}

/// Both W/"abc" and "abc" become abc.
std::string plain_etag(std::string etag) {
  if (etag.starts_with("W/")) etag.erase(0, 2);
  std::erase(etag, '"');
  return etag;
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g s", seconds);
  return text;
}

}  // namespace

std::vector<std::string> HubRepository::names() const {
  std::vector<std::string> names;
  for (const auto& [name, size] : files)
    names.push_back(name);
  return names;
}

Hub::Hub(HubSettings settings, std::function<void(const std::string&)> note)
    : settings_(std::move(settings)), note_(std::move(note)), http_(settings_.stall) {
  try {
    origin_ = origin_of(settings_.endpoint);
  } catch (const HttpFault& fault) {
    throw Failure(ExitCode::usage, std::string("HF_ENDPOINT: ") + fault.what());
  }
}

std::string Hub::address(const HubSource& source, const std::string& revision,
                         const std::string& name) const {
  return settings_.endpoint + "/" + source.repository() + "/resolve/" +
         url_encoded(revision, false) + "/" + url_encoded(name, true);
}

const HubRepository& Hub::repository(const HubSource& source) {
  const auto key = source.repository() + "@" + source.revision;
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  const auto refuse_answer = [&](const std::string& what) {
    throw HubError(source.text() + ": the answer of " + settings_.endpoint + " " + what +
                       "; expected an answer like that of huggingface.co. If HF_ENDPOINT is right, "
                       "download the files yourself and give their path as weights",
                   200, false);
  };
  const auto answer =
      persist({.url = settings_.endpoint + "/api/models/" + source.repository() + "/revision/" +
                      url_encoded(source.revision, false) + "?blobs=true"},
              Follow::own, source, "");
  const auto model = Json::parse(answer.body, nullptr, false);
  if (!model.is_object() || !model.contains("siblings") || !model["siblings"].is_array())
    refuse_answer("about the repository has no list of files");
  HubRepository found;
  found.commit = text_at(model, "/sha");
  if (!found.commit.empty() && !is_hexadecimal(found.commit, 40))
    refuse_answer("names a commit '" + found.commit + "', which is not a git hash");
  found.licence = licence_of_model(model);
  for (const auto& file : model["siblings"]) {
    const auto name = file.is_object() ? file.value("rfilename", Json()) : Json();
    if (!name.is_string() || !is_plain_path(name.get_ref<const std::string&>()))
      refuse_answer("names a file " + protocol::json_text(name) +
                    ", which is not a path below its folder");
    auto etag = text_at(file, "/lfs/sha256");
    if (etag.empty()) etag = text_at(file, "/blobId");
    const auto size = file.value("size", Json());
    found.files[name] = {size.is_number_integer() ? size.get<std::int64_t>() : -1,
                         is_hash(etag) ? etag : ""};
  }
  return known_.emplace(key, std::move(found)).first->second;
}

HubFile Hub::file(const HubSource& source, const std::string& revision, const std::string& name) {
  const auto answer = persist({.url = address(source, revision, name),
                               .head = true,
                               .headers = {"Accept-Encoding: identity"}},
                              Follow::own, source, name);
  HubFile file;
  const auto& linked = answer.header("x-linked-etag");
  file.etag = plain_etag(linked.empty() && answer.status == 200 ? answer.header("etag") : linked);
  const auto& size = answer.header("x-linked-size");
  file.size =
      integer(size.empty() && answer.status == 200 ? answer.header("content-length") : size);
  file.commit = answer.header("x-repo-commit");
  if (file.commit.empty()) file.commit = revision;
  const auto lacks = [&](const std::string& what) {
    throw HubError(source.text() + ": " + settings_.endpoint + " does not give the " + what +
                       " of '" + name +
                       "'; expected headers like those of huggingface.co, without which the file "
                       "cannot be verified. If HF_ENDPOINT is right, download the file yourself "
                       "and give its path as weights",
                   answer.status, false);
  };
  if (!is_hash(file.etag)) lacks("hash (etag)");
  if (file.size < 0) lacks("size");
  if (!is_hexadecimal(file.commit, 40)) lacks("commit");
  return file;
}

std::string Hub::text(const HubSource& source, const std::string& revision,
                      const std::string& name) {
  return persist({.url = address(source, revision, name)}, Follow::all, source, name).body;
}

void Hub::download(const HubSource& source, const std::string& revision, const std::string& name,
                   std::int64_t begin,
                   const std::function<void(const HttpAnswer&, std::string_view)>& sink) {
  HttpRequest request{.url = address(source, revision, name),
                      .headers = {"Accept-Encoding: identity"},
                      .sink = sink};
  if (begin > 0) request.headers.push_back("Range: bytes=" + std::to_string(begin) + "-");
  send(std::move(request), Follow::all, source, name);
}

HttpAnswer Hub::send(HttpRequest request, Follow follow, const HubSource& source,
                     const std::string& name) {
  const auto headers = request.headers;
  std::map<std::string, std::string> from_hub;
  HttpAnswer answer;
  try {
    for (int hop = 0;; ++hop) {
      request.headers = headers;
      if (!settings_.token.empty() && origin_of(request.url) == origin_)
        request.headers.push_back("Authorization: Bearer " + settings_.token);
      answer = http_.send(request);
      for (const auto* header : hub_headers)
        if (!answer.header(header).empty()) from_hub.emplace(header, answer.header(header));
      if (!is_redirect(answer)) break;
      const auto next = redirected(request.url, answer.header("location"));
      if (follow == Follow::own && origin_of(next) != origin_) break;
      if (hop == most_redirects) throw HttpFault("too many redirects", false);
      if (request.url.starts_with("https:") && !next.starts_with("https:"))
        throw HttpFault("it redirects from https to '" + next + "', which is not encrypted", false);
      request.url = next;
    }
  } catch (const HttpFault& fault) {
    throw HubError(source.text() + (name.empty() ? "" : ": '" + name + "'") + ": no answer from " +
                       origin_of(request.url) + ": " + fault.what() +
                       ". Check the network (also https_proxy and HF_ENDPOINT)",
                   0, fault.passing);
  }
  answer.headers.merge(from_hub);
  if (answer.status >= 400 || answer.status < 200) refuse(answer, source, name);
  return answer;
}

HttpAnswer Hub::persist(const HttpRequest& request, Follow follow, const HubSource& source,
                        const std::string& name) {
  for (int attempt = 1;; ++attempt) {
    try {
      return send(request, follow, source, name);
    } catch (const HubError& error) {
      wait_after(error, attempt);
    }
  }
}

void Hub::wait_after(const HubError& error, int attempt) const {
  if (!error.passing || attempt >= settings_.attempts || error.wait > longest_wait) throw error;
  const auto pause =
      std::min(longest_pause, std::chrono::duration<double>(settings_.first_wait).count() *
                                  std::pow(2.0, attempt - 1));
  const auto wait = error.wait >= 0 ? error.wait : pause;
  if (note_)
    note_(std::string(error.what()) + "; trying again in " + seconds_text(wait) + " (attempt " +
          std::to_string(attempt + 1) + " of " + std::to_string(settings_.attempts) + ")");
  std::this_thread::sleep_for(std::chrono::duration<double>(wait));
}

void Hub::refuse(const HttpAnswer& answer, const HubSource& source, const std::string& name) const {
  const auto status = answer.status;
  const auto& code = answer.header("x-error-code");
  auto said = answer.header("x-error-message");
  if (said.empty()) said = text_at(Json::parse(answer.body, nullptr, false), "/error");
  const auto page = settings_.endpoint + "/" + source.repository();
  const bool with_token = !settings_.token.empty();
  const auto log_in = std::string("log in with 'hf auth login', or set HF_TOKEN");
  const auto sent =
      with_token ? "the token of " + settings_.token_from + " was sent" : "no token was sent";
  std::string what;
  if (code == "GatedRepo") {
    what = "the repository is gated (" + std::to_string(status) + "), and " + sent +
           "; expected the token of an account that has accepted its conditions. Accept them at " +
           page + ", then " + log_in + " to a token of that account";
  } else if (status == 401 && said.starts_with("Invalid credentials")) {
    what = "the hub does not know the token of " + settings_.token_from +
           " (401); expected a valid one, or none for public repositories. Create one at " +
           settings_.endpoint + "/settings/tokens, then " + log_in;
  } else if (code == "RevisionNotFound") {
    what = "there is no revision '" + source.revision +
           "' (404); expected a branch, tag or commit of " + page + ". Omit '@...' for the newest";
  } else if (code == "EntryNotFound" || (status == 404 && !name.empty() && code.empty())) {
    what = "there is no file '" + name + "' (404); see " + page + "/tree/" + source.revision;
  } else if (status == 401 || status == 404) {
    what = "there is no such repository, or it is private (" + std::to_string(status) + "), and " +
           sent + "; expected a repository that " + page +
           " shows. Check the name; for a private repository, " + log_in;
  } else if (status == 403) {
    what = "access is refused (403), and " + sent +
           "; expected a token that may read this repository. See " + page + ", then " + log_in;
  } else if (status == 429) {
    what = "too many requests (429), and " + sent +
           (answer.retry_after >= 0
                ? "; the hub asks for a wait of " + seconds_text(answer.retry_after)
                : std::string()) +
           ". Try again later. More requests are allowed with a token: " + log_in;
  } else if (status >= 500) {
    what = "the hub reports an internal error (" + std::to_string(status) + "). Try again later";
  } else {
    what = "the hub refuses the request (" + std::to_string(status) + ")";
  }
  std::replace_if(
      said.begin(), said.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  if (!said.empty() && status != 404) what += " [it says: " + said.substr(0, 300) + "]";
  const bool passing = status == 408 || status == 429 || status >= 500;
  throw HubError(source.text() + ": " + what, status, passing, answer.retry_after);
}

}  // namespace earshot::host
