#include "host/view/request_rules.hpp"

#include <algorithm>

#include "host/report/base64.hpp"
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

/// The bytes that hexadecimal digits stand for.
std::string bytes_of_hex(std::string_view digits) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(value(digits[i]) << 4 | value(digits[i + 1]));
  return bytes;
}

/// Takes a text off the beginning; false if it does not begin so.
bool take_text(std::string_view& target, std::string_view text) {
  if (!target.starts_with(text)) return false;
  target.remove_prefix(text.size());
  return true;
}

/// Takes the 64 digits of a hash off the beginning.
bool take_hash(std::string_view& target, std::string& hash) {
  constexpr std::size_t digits = 64;
  const auto end = std::min(target.find_first_not_of("0123456789abcdef"), target.size());
  if (end != digits) return false;
  hash = target.substr(0, digits);
  target.remove_prefix(digits);
  return true;
}

/// Takes a number of 1 to 15 digits off the beginning.
bool take_number(std::string_view& target, std::int64_t& number) {
  constexpr std::size_t most = 15;
  const auto end = std::min(target.find_first_not_of("0123456789"), target.size());
  if (end == 0 || end > most) return false;
  number = std::stoll(std::string(target.substr(0, end)));
  target.remove_prefix(end);
  return true;
}

}  // namespace

std::optional<SoundTarget> sound_target(std::string_view target) {
  ItemTarget item;
  SampleTarget sample;
  auto rest = target;
  if (take_text(rest, "/audio?dataset=") && take_hash(rest, item.dataset) &&
      take_text(rest, "&item=") && take_number(rest, item.item) && take_text(rest, "&clip=") &&
      (rest == "0" || rest == "1")) {
    item.clip = rest == "1" ? 1 : 0;
    return item;
  }
  rest = target;
  if (take_text(rest, "/sample?sha256=") && take_hash(rest, sample.sha256) && rest.empty())
    return sample;
  return std::nullopt;
}

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
  if (sound_target(asked.target)) return std::nullopt;
  return RefusedRequest{404, "there is only the page " + own};
}

std::string content_policy(std::string_view page) {
  std::string scripts;
  for (const std::string_view opening : {"<script>", "<script type=\"module\">"})
    for (auto at = page.find(opening); at != std::string_view::npos; at = page.find(opening, at)) {
      at += opening.size();
      const auto script = page.substr(at, page.find("</script>", at) - at);
      scripts += " 'sha256-" + base64(bytes_of_hex(protocol::sha256(script))) + "'";
    }
  return "default-src 'none'; script-src" + scripts +
         "; style-src 'unsafe-inline'; img-src data: blob:; media-src blob:; connect-src 'self'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

}  // namespace earshot::host
