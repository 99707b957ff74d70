#include "host/view/request_rules.hpp"

#include <gmock/gmock.h>

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int port = 8123;

/// 200, or the status of the refusal.
int status_of(const AskedFor& asked, int at = port) {
  const auto refused = refusal_of(asked, at);
  return refused ? refused->status : 200;
}

AskedFor from_own_page() {
  return {.method = "GET", .target = "/data.json", .hosts = {"127.0.0.1:8123"}};
}

TEST(RequestRules, let_the_page_and_what_it_asks_for_pass) {
  auto asked = from_own_page();
  for (const auto* target : {"/", "/state.json", "/data.json"})
    for (const auto* method : {"GET", "HEAD"})
      for (const auto* host : {"127.0.0.1:8123", "localhost:8123"}) {
        asked.target = target;
        asked.method = method;
        asked.hosts = {host};
        EXPECT_EQ(status_of(asked), 200) << method << ' ' << target << ' ' << host;
      }
  asked.origins = {"http://localhost:8123"};
  asked.sites = {"same-origin"};
  EXPECT_EQ(status_of(asked), 200);
}

TEST(RequestRules, let_items_and_samples_pass_by_their_digits_alone) {
  const std::string hash(64, 'a');
  auto asked = from_own_page();
  asked.target = "/audio?dataset=" + hash + "&item=17&clip=1";
  EXPECT_EQ(status_of(asked), 200);
  const auto item = std::get<ItemTarget>(sound_target(asked.target).value());
  EXPECT_EQ(item.dataset, hash);
  EXPECT_EQ(item.item, 17);
  EXPECT_EQ(item.clip, 1);
  asked.target = "/sample?sha256=" + hash;
  EXPECT_EQ(status_of(asked), 200);
  EXPECT_EQ(std::get<SampleTarget>(sound_target(asked.target).value()).sha256, hash);
  asked.sites = {"cross-site"};
  EXPECT_EQ(status_of(asked), 403);
  asked.sites = {};
  asked.hosts = {"evil.example"};
  EXPECT_EQ(status_of(asked), 403);
}

TEST(RequestRules, know_no_other_way_to_name_items_and_samples) {
  const std::string hash(64, 'a'), upper(64, 'A'), item = "/audio?dataset=" + hash;
  auto asked = from_own_page();
  for (const auto& target :
       std::vector<std::string>{item,
                                item + "&item=&clip=0",
                                item + "&item=-1&clip=0",
                                item + "&item=1&clip=2",
                                item + "&item=1&clip=",
                                item + "&item=1&clip=0&",
                                item + "&item=1&clip=0#",
                                item + "&item=1",
                                item + "&item=1234567890123456&clip=0",
                                item + "&item=%31&clip=0",
                                item + "&item=1 &clip=0",
                                item + "a&item=1&clip=0",
                                item + "&clip=0&item=1",
                                "/audio?dataset=" + upper + "&item=1&clip=0",
                                "/audio?dataset=../../etc/passwd&item=1&clip=0",
                                "/audio?item=1&clip=0",
                                "/audio/" + hash,
                                "/audio?dataset=&item=1&clip=0",
                                "/sample?sha256=" + hash + "/..",
                                "/sample?sha256=" + upper,
                                "/sample?sha256=",
                                "/sample?sha256=" + hash.substr(1),
                                "/sample?path=/etc/passwd",
                                "//sample?sha256=" + hash,
                                "/SAMPLE?sha256=" + hash}) {
    asked.target = target;
    EXPECT_EQ(status_of(asked), 404) << target;
  }
}

TEST(RequestRules, refuse_names_that_were_made_to_lead_here) {
  auto asked = from_own_page();
  for (const auto* host :
       {"evil.example", "evil.example:8123", "127.0.0.1", "127.0.0.1:81", "localhost",
        "127.0.0.1:8123.evil.example", "127.0.0.1.evil.example:8123", "localhost.:8123",
        "0.0.0.0:8123", "127.0.0.2:8123", "[::1]:8123", "user@127.0.0.1:8123", "127.0.0.1:8123 ",
        "127.1:8123", "2130706433:8123", ""}) {
    asked.hosts = {host};
    EXPECT_EQ(status_of(asked), 403) << host;
  }
  asked.hosts = {};
  EXPECT_EQ(status_of(asked), 403) << "none";
  asked.hosts = {"127.0.0.1:8123", "evil.example"};
  EXPECT_EQ(status_of(asked), 403) << "two";
}

TEST(RequestRules, let_a_host_without_a_port_pass_only_at_the_port_of_http) {
  auto asked = from_own_page();
  asked.hosts = {"localhost"};
  EXPECT_EQ(status_of(asked, 80), 200);
  asked.hosts = {"localhost:80"};
  EXPECT_EQ(status_of(asked, 80), 200);
}

TEST(RequestRules, refuse_other_origins) {
  auto asked = from_own_page();
  for (const auto* origin : {"null", "http://evil.example", "https://127.0.0.1:8123",
                             "http://127.0.0.1:81", "http://127.0.0.1", "http://127.0.0.1:8123/",
                             "http://127.0.0.1:8123.evil.example", "file://", ""}) {
    asked.origins = {origin};
    EXPECT_EQ(status_of(asked), 403) << origin;
  }
  asked.origins = {"http://127.0.0.1:8123", "http://127.0.0.1:8123"};
  EXPECT_EQ(status_of(asked), 403) << "two";
}

TEST(RequestRules, let_pages_of_other_sites_link_to_the_page_but_not_read_data) {
  auto asked = from_own_page();
  for (const auto* site : {"cross-site", "same-site", "?"}) {  // another port is the same site
    asked.sites = {site};
    asked.target = "/";
    EXPECT_EQ(status_of(asked), 200) << site;
    for (const auto* target : {"/data.json", "/state.json"}) {
      asked.target = target;
      EXPECT_EQ(status_of(asked), 403) << site;
    }
  }
}

TEST(RequestRules, know_no_other_targets_and_no_way_out_of_them) {
  auto asked = from_own_page();
  for (const auto* target :
       {"/../../etc/passwd", "/data.json/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc/passwd", "//etc/passwd", "/./", "/data.json?", "/DATA.JSON", "/results.db",
        "http://127.0.0.1:8123/", "*", "", "/data.json\\..\\x"}) {
    asked.target = target;
    EXPECT_EQ(status_of(asked), 404) << target;
  }
}

TEST(RequestRules, refuse_what_could_change_something) {
  auto asked = from_own_page();
  for (const auto* method :
       {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "get", ""}) {
    asked.method = method;
    EXPECT_EQ(status_of(asked), 405) << method;
  }
}

TEST(ContentPolicy, permits_the_scripts_of_the_page_by_their_hashes) {
  // The example of the specification, https://www.w3.org/TR/CSP2/#script-src-hash-usage
  const auto policy = content_policy(
      "<script>alert('Hello, world.');</script>"
      "<script type=\"application/json\">{}</script><script type=\"module\">1</script>");
  EXPECT_THAT(policy,
              AllOf(HasSubstr("script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=' "
                              "'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='; "),
                    HasSubstr("default-src 'none'"), HasSubstr("connect-src 'self'"),
                    HasSubstr("frame-ancestors 'none'")));
  EXPECT_THAT(policy, Not(HasSubstr("script-src 'unsafe-inline'")));
}

}  // namespace
}  // namespace earshot::host
