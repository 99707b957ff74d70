#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "files.hpp"
#include "http_server.hpp"
#include "protocol/hash.hpp"
#include "temporary_folder.hpp"

namespace earshot::testing {

/// The repository owner/repo on a hub that behaves like huggingface.co: large files are redirected
/// to a second server, the CDN. `trouble` may answer instead of either.
class FakeHub {
 public:
  using Request = HttpServer::Request;
  using Answer = HttpServer::Answer;

  const std::string commit = "0123456789abcdef0123456789abcdef01234567";
  std::map<std::string, std::string> files{};
  std::set<std::string> large{};  ///< names of the files on the CDN
  nlohmann::json card{{"license", "mit"}};
  bool with_sizes = true, with_api = true;
  /// Called first; nullopt: the hub answers as usual.
  std::function<std::optional<Answer>(const Request&)> hub_trouble{}, cdn_trouble{};

  FakeHub()
      : cdn_([this](const Request& request) { return cdn(request); }),
        hub_([this](const Request& request) { return hub(request); }) {}

  const std::string& url() const { return hub_.url(); }
  std::vector<Request> hub_requests() const { return hub_.requests(); }
  std::vector<Request> cdn_requests() const { return cdn_.requests(); }

  static std::string git_hash(const std::string& content) {
    const TemporaryFolder folder;
    write(folder / "content", content);
    return protocol::git_hash_file(folder / "content");
  }
  std::string etag(const std::string& name) const {
    const auto& content = files.at(name);
    return large.count(name) > 0 ? protocol::sha256(std::string_view(content)) : git_hash(content);
  }

  /// The file, or the requested Range of it.
  static Answer content(const Request& request, const std::string& all) {
    Answer answer;
    answer.headers["Accept-Ranges"] = "bytes";
    if (!request.has("range")) {
      answer.body = all;
      return answer;
    }
    const auto begin = std::stoull(request.headers.at("range").substr(6));
    if (begin >= all.size()) {
      answer.status = 416;
      return answer;
    }
    answer.status = 206;
    answer.body = all.substr(begin);
    answer.headers["Content-Range"] = "bytes " + std::to_string(begin) + "-" +
                                      std::to_string(all.size() - 1) + "/" +
                                      std::to_string(all.size());
    return answer;
  }

  static Answer refusal(int status, const std::string& code, const std::string& message) {
    Answer answer;
    answer.status = status;
    if (!code.empty()) answer.headers["X-Error-Code"] = code;
    answer.headers["X-Error-Message"] = message;
    return answer;
  }

 private:
  Answer cdn(const Request& request) {
    if (cdn_trouble)
      if (auto answer = cdn_trouble(request)) return *answer;
    return content(request, files.at(request.target.substr(5)));  // "/cdn/<name>"
  }

  Answer hub(const Request& request) {
    if (hub_trouble)
      if (auto answer = hub_trouble(request)) return *answer;
    const std::string api = "/api/models/owner/repo/revision/", resolve = "/owner/repo/resolve/";
    if (request.target.rfind(api, 0) == 0 && with_api)
      return list(request.target.substr(api.size()));
    if (request.target.rfind(resolve, 0) == 0) {
      const auto rest = request.target.substr(resolve.size());
      return file(request, rest.substr(0, rest.find('/')), rest.substr(rest.find('/') + 1));
    }
    return refusal(with_api ? 404 : 501, with_api ? "RepoNotFound" : "", "Repository not found");
  }

  Answer list(const std::string& revision) const {
    if (!knows(revision.substr(0, revision.find('?'))))
      return refusal(404, "RevisionNotFound", "Invalid rev id");
    auto siblings = nlohmann::json::array();
    for (const auto& [name, text] : files) {
      siblings.push_back({{"rfilename", name}});
      if (!with_sizes) continue;
      siblings.back()["size"] = text.size();
      siblings.back()["blobId"] = git_hash(text);
      if (large.count(name) > 0) siblings.back()["lfs"] = {{"sha256", etag(name)}};
    }
    return {.body =
                nlohmann::json{{"sha", commit}, {"siblings", siblings}, {"cardData", card}}.dump()};
  }

  bool knows(const std::string& revision) const {
    return revision == "main" || revision == commit || revision == "refs%2Fpr%2F1";
  }

  Answer file(const Request& request, const std::string& revision, const std::string& name) const {
    if (!knows(revision)) return refusal(404, "RevisionNotFound", "Invalid rev id");
    if (files.count(name) == 0) return refusal(404, "EntryNotFound", "Entry not found");
    Answer answer;
    if (large.count(name) > 0) {
      answer.status = 302;
      answer.headers["Location"] = cdn_.url() + "/cdn/" + name;
      answer.headers["X-Linked-Etag"] = "\"" + etag(name) + "\"";
      answer.headers["X-Linked-Size"] = std::to_string(files.at(name).size());
      answer.headers["ETag"] = "\"of the redirect\"";
    } else {
      answer = content(request, files.at(name));
      answer.headers["ETag"] = "\"" + etag(name) + "\"";
    }
    answer.headers["X-Repo-Commit"] = commit;
    return answer;
  }

  HttpServer cdn_, hub_;
};

/// Pseudo-random bytes.
inline std::string noise(std::size_t bytes, std::uint32_t state = 1) {
  std::string text(bytes, '\0');
  for (auto& byte : text) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return text;
}

}  // namespace earshot::testing
