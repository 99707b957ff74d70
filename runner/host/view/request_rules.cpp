#include "host/view/request_rules.hpp"

#include <algorithm>

#include "protocol/hash.hpp"

namespace earshot::host {
namespace {

bool is_own_host(const std::string& host, int port) {
  const auto with_port = ":" + std::to_string(port);
  for (const std::string name : {"127.0.0.1", "localhost"})
    if (host == name + with_port || (port == 80 && host == name)) return true;
  return false;
}

bool is_own_origin(const std::string& origin, int port) {
  constexpr std::string_view scheme = "http://";
  return origin.starts_with(scheme) && is_own_host(origin.substr(scheme.size()), port);
}

/// The bytes of a hash in hexadecimal digits as base64 (RFC 4648), which policies use.
std::string base64_of_hex(std::string_view digits) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto value = [](char digit) -> unsigned {
    return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  };
  std::string text;
  for (std::size_t i = 0; i < digits.size(); i += 6) {  // six digits are three bytes, four letters
    const auto piece = digits.substr(i, 6);
    unsigned bits = 0;
    for (std::size_t k = 0; k < 6; ++k)
      bits = bits << 4 | (k < piece.size() ? value(piece[k]) : 0);
    const auto letters = piece.size() * 4 / 6 + (piece.size() < 6 ? 1 : 0);
    for (std::size_t k = 0; k < 4; ++k)
      text += k < letters ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

}  // namespace

std::optional<RefusedRequest> refusal_of(const AskedFor& asked, int port) {
  if (asked.method != "GET" && asked.method != "HEAD")
    return RefusedRequest{405, "only GET and HEAD are allowed: nothing can be changed here"};
  const auto own = "http://127.0.0.1:" + std::to_string(port) + "/";
  if (asked.hosts.size() != 1 || !is_own_host(asked.hosts.front(), port))
    return RefusedRequest{403, "the header Host names another host; allowed is only " + own};
  if (asked.origins.size() > 1 ||
      (asked.origins.size() == 1 && !is_own_origin(asked.origins.front(), port)))
    return RefusedRequest{403, "pages of other origins may not read results; open " + own};
  const bool foreign = std::any_of(asked.sites.begin(), asked.sites.end(), [](const auto& site) {
    return site != "same-origin" && site != "none";
  });
  if (foreign && asked.target != page_target)
    return RefusedRequest{403, "pages of other sites may not read results; open " + own};
  for (const auto target : {page_target, state_target, data_target})
    if (asked.target == target) return std::nullopt;
  return RefusedRequest{404, "there is only the page " + own};
}

std::string content_policy(std::string_view page) {
  std::string scripts;
  for (const std::string_view opening : {"<script>", "<script type=\"module\">"})
    for (auto at = page.find(opening); at != std::string_view::npos; at = page.find(opening, at)) {
      at += opening.size();
      const auto script = page.substr(at, page.find("</script>", at) - at);
      scripts += " 'sha256-" + base64_of_hex(protocol::sha256(script)) + "'";
    }
  return "default-src 'none'; script-src" + scripts +
         "; style-src 'unsafe-inline'; img-src data: blob:; connect-src 'self'; base-uri 'none'; "
         "form-action 'none'; frame-ancestors 'none'";
}

}  // namespace earshot::host
