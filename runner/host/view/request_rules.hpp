#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Which requests `runner view` answers. Any web page in the user's browser can send requests to
// 127.0.0.1, and any name of a host can be made to lead there.

namespace earshot::host {

/// What a request says about itself. Lists have one element per header.
struct AskedFor {
  std::string method{}, target{};  ///< target: as sent, "/data.json"
  std::vector<std::string> hosts{}, origins{};
  std::vector<std::string> sites{};  ///< Sec-Fetch-Site: how its sender is related to this server
};

/// Why a request is not answered.
struct RefusedRequest {
  int status = 403;
  std::string reason{};  ///< a line for people
};

/// The page and what it asks for.
constexpr std::string_view page_target = "/", state_target = "/state.json",
                           data_target = "/data.json";

/// A clip of an item, which has one or two: "/audio?dataset=KEY&item=POSITION&clip=0", with the 64
/// digits of its dataset's key.
struct ItemTarget {
  std::string dataset{};
  std::int64_t item = 0, clip = 0;
};

/// A file of a sample, by the 64 digits of its hash: "/sample?sha256=HASH".
struct SampleTarget {
  std::string sha256{};
};

using SoundTarget = std::variant<ItemTarget, SampleTarget>;

/// What a target asks to hear or see; nullopt for all others. It consists of digits alone, so that
/// nothing in it has to be decoded, and nothing could lead elsewhere.
std::optional<SoundTarget> sound_target(std::string_view target);

/// Refuses methods other than GET and HEAD (405); any Host but 127.0.0.1 and localhost with this
/// port, which is what a name that was made to lead here has (403); requests of other origins, and
/// of pages of other sites except for links to the page (403); all targets but those above (404).
std::optional<RefusedRequest> refusal_of(const AskedFor& asked, int port);

/// The Content-Security-Policy of the page, which permits its own scripts by their hashes, so that
/// no other would run, and connections to this server. @param page  live_page()
std::string content_policy(std::string_view page);

}  // namespace earshot::host
