#include "host/view/server.hpp"

#include <atomic>
#include <chrono>

#include <gmock/gmock.h>

#include "../store/fixture.hpp"
#include "browser.hpp"
#include "host/report/page.hpp"
#include "host/view/request_rules.hpp"
#include "http_client.hpp"

namespace earshot::host {
namespace {

using earshot::testing::http_get;
using earshot::testing::http_raw;
using earshot::testing::HttpConnection;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

LiveState state_with(const std::string& data) {
  return {.revision = "r1", .data = std::make_shared<const std::string>(data)};
}

class Server : public ::testing::Test {
 protected:
  void SetUp() override {
    if (page_template.empty()) GTEST_SKIP() << "built without D3 (Debian's package node-d3)";
    server = std::make_unique<ViewServer>([this] { return state; }, 0);
    port = server->port();
    own = "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
  }

  LiveState state = state_with(R"({"secret":1})");
  std::unique_ptr<ViewServer> server{};
  int port = 0;
  std::string own{};  ///< the header Host
};

TEST_F(Server, gives_the_page_its_state_and_its_data) {
  EXPECT_EQ(server->address(), "http://127.0.0.1:" + std::to_string(port) + "/");
  const auto page = http_get(port, "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, live_page());
  EXPECT_THAT(page.head, HasSubstr("Content-Type: text/html; charset=utf-8"));
  const auto now = http_get(port, "/state.json");
  EXPECT_EQ(Json::parse(now.body), Json({{"revision", "r1"}, {"problem", ""}, {"reading", false}}));
  const auto data = http_get(port, "/data.json", "Sec-Fetch-Site: same-origin\r\n");
  EXPECT_EQ(data.body, R"({"secret":1})");
  EXPECT_THAT(data.head,
              AllOf(HasSubstr("ETag: \"r1\""), HasSubstr("Content-Type: application/json")));
}

TEST_F(Server, answers_HEAD_without_a_body) {
  const auto answer = http_get(port, "/data.json", "", "HEAD");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.head, HasSubstr("Content-Length: 12"));
  EXPECT_EQ(answer.body, "");
}

TEST_F(Server, says_that_data_are_still_being_read) {
  state = {};
  EXPECT_EQ(http_get(port, "/data.json").status, 503);
  EXPECT_EQ(Json::parse(http_get(port, "/state.json").body).at("revision"), "");
}

TEST_F(Server, sends_the_headers_that_keep_other_pages_out_with_every_answer) {
  for (const auto& answer : {http_get(port, "/"), http_get(port, "/data.json"),
                             http_get(port, "/none"), http_get(port, "/", "", "DELETE")}) {
    EXPECT_THAT(answer.head,
                AllOf(HasSubstr("Content-Security-Policy: " + content_policy(live_page())),
                      HasSubstr("X-Content-Type-Options: nosniff"),
                      HasSubstr("Cross-Origin-Resource-Policy: same-origin"),
                      HasSubstr("Cache-Control: no-store"), HasSubstr("Connection: close")));
    EXPECT_THAT(answer.head, Not(HasSubstr("Access-Control")));
  }
}

TEST_F(Server, gives_nothing_to_other_hosts_origins_and_targets) {
  const std::string get = "GET /data.json HTTP/1.1\r\n";
  const std::vector<std::pair<std::string, int>> requests{
      {get + "Host: evil.example\r\n\r\n", 403},
      {get + "Host: evil.example:" + std::to_string(port) + "\r\n\r\n", 403},
      {get + "\r\n", 403},
      {get + own + "Host: evil.example\r\n\r\n", 403},
      {get + own + "host: evil.example\r\n\r\n", 403},
      {get + own + "Origin: http://evil.example\r\n\r\n", 403},
      {get + own + "Origin: null\r\n\r\n", 403},
      {get + own + "oRiGiN: https://127.0.0.1:" + std::to_string(port) + "\r\n\r\n", 403},
      {get + own + "Sec-Fetch-Site: cross-site\r\n\r\n", 403},
      {"OPTIONS /data.json HTTP/1.1\r\n" + own + "Access-Control-Request-Method: GET\r\n\r\n", 405},
      {"POST /data.json HTTP/1.1\r\n" + own + "Content-Length: 2\r\n\r\n{}", 405},
      {"PUT /results.db HTTP/1.1\r\n" + own + "Content-Length: 1\r\n\r\nx", 405},
      {"DELETE / HTTP/1.1\r\n" + own + "\r\n", 405},
      {"GET /../../../etc/passwd HTTP/1.1\r\n" + own + "\r\n", 404},
      {"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + own + "\r\n", 404},
      {"GET /data.json%00.html HTTP/1.1\r\n" + own + "\r\n", 404},
      {"GET http://evil.example/data.json HTTP/1.1\r\n" + own + "\r\n", 404},
  };
  for (const auto& [request, status] : requests) {
    const auto answer = http_raw(port, request);
    EXPECT_EQ(answer.status, status) << request;
    EXPECT_THAT(answer.body,
                AllOf(StartsWith("runner view: "), EndsWith("\n"), Not(HasSubstr("secret"))))
        << request;
  }
}

TEST_F(Server, hands_on_what_the_page_asks_to_hear_and_nothing_else) {
  const std::string hash(64, 'b');
  const auto item = "/audio?dataset=" + hash + "&item=3&clip=0";
  EXPECT_EQ(http_get(port, item).status, 404) << "it was given no sounds";
  std::vector<std::string> asked;
  const ViewServer hearing([this] { return state; }, 0,
                           [&](const SoundTarget& target) {
                             const auto* one = std::get_if<ItemTarget>(&target);
                             asked.push_back(one != nullptr
                                                 ? std::to_string(one->item)
                                                 : std::get<SampleTarget>(target).sha256);
                             return PageAnswer{.type = "audio/flac",
                                               .headers = {{"Earshot-Clips", "2"}},
                                               .body = std::make_shared<const std::string>("fLaC")};
                           });
  const auto heard = http_get(hearing.port(), item);
  EXPECT_EQ(heard.status, 200);
  EXPECT_EQ(heard.body, "fLaC");
  EXPECT_THAT(heard.head,
              AllOf(HasSubstr("Content-Type: audio/flac"), HasSubstr("Earshot-Clips: 2"),
                    HasSubstr("X-Content-Type-Options: nosniff")));
  EXPECT_EQ(http_get(hearing.port(), "/sample?sha256=" + hash).status, 200);
  EXPECT_EQ(http_get(hearing.port(), item + "/../../etc/passwd").status, 404);
  EXPECT_EQ(http_get(hearing.port(), item, "Origin: http://evil.example\r\n").status, 403);
  EXPECT_EQ(http_get(hearing.port(), item, "", "POST").status, 405);
  EXPECT_THAT(asked, ::testing::ElementsAre("3", hash));
}

TEST_F(Server, takes_nothing_after_a_refused_request_for_another_one) {
  const auto inner = "GET /data.json HTTP/1.1\r\n" + own + "\r\n";
  const auto answer = http_raw(port, "POST / HTTP/1.1\r\n" + own + "Content-Length: " +
                                         std::to_string(inner.size()) + "\r\n\r\n" + inner);
  EXPECT_EQ(answer.status, 405);
  EXPECT_THAT(answer.body, Not(HasSubstr("HTTP/1.1")));
}

TEST_F(Server, gives_whole_answers_whatever_range_is_asked_for) {
  for (const auto* range : {"bytes=0-1", "bytes=100000-200000", "bytes=5-100000", "bytes=-999999",
                            "bytes=0-1,3-4,100000-"}) {
    const auto answer = http_get(port, "/data.json", std::string("Range: ") + range + "\r\n");
    EXPECT_EQ(answer.status, 200) << range;
    EXPECT_EQ(answer.body, R"({"secret":1})") << range;
  }
}

TEST_F(Server, goes_on_after_requests_that_are_none) {
  for (const std::string& request :
       {std::string("\r\n\r\n"), std::string("\x16\x03\x01\x02\r\n\r\n"),
        std::string(20'000, 'x') + "\r\n\r\n",
        "GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n" + own + "\r\n",
        "GET / HTTP/1.1\r\nHost: " + std::string(20'000, 'x') + "\r\n\r\n",
        "GET / HTTP/1.1\r\n" + own + "Range: bytes=x-\r\n\r\n", "GET / HTTP/9.9\r\n" + own + "\r\n",
        "GET " + std::string(1, '\0') + " HTTP/1.1\r\n\r\n"}) {
    EXPECT_NE(http_raw(port, request).status, 200) << request.substr(0, 40);
    EXPECT_EQ(http_get(port, "/state.json").status, 200) << "after " << request.substr(0, 40);
  }
}

TEST_F(Server, listens_on_one_address_of_this_machine_only) {
  EXPECT_TRUE(HttpConnection(port).connected());
  EXPECT_FALSE(HttpConnection(port, "127.0.0.2").connected());
}

TEST_F(Server, says_that_a_port_is_taken) {
  EXPECT_THAT(
      failure_of([this] { ViewServer second([this] { return state; }, port); }, ExitCode::usage),
      AllOf(HasSubstr("port " + std::to_string(port) + " of 127.0.0.1"),
            HasSubstr("Choose another with --port")));
}

TEST_F(Server, ends_although_a_connection_is_open) {
  const HttpConnection idle(port);
  ASSERT_TRUE(idle.connected());
  const auto begin = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_FALSE(HttpConnection(port).connected());
}

/// Data with an experiment of this question, and a table that can be opened.
std::string data_with(const std::string& question) {
  ReportedExperiment experiment{.name = "<script>alert(1)</script>", .question = question};
  experiment.curves.push_back(
      {.row = "a", .column = "b", .state = "ok", .name = "loss", .points = {{0, 1.0}, {1, 0.5}}});
  return protocol::json_text(Json(PageData{.generator = "Earshot", .experiments = {experiment}}));
}

TEST(LivePage, is_drawn_by_a_browser_and_again_when_the_data_change) {
  if (page_template.empty()) GTEST_SKIP() << "built without D3 (Debian's package node-d3)";
  const auto name = earshot::testing::browser();
  if (name.empty()) GTEST_SKIP() << "no Chromium in PATH";
  std::atomic<int> looks{0};
  const ViewServer server(
      [&] {
        // The browser asks for the state, then for the data.
        const bool later = ++looks > 4;
        return LiveState{.revision = later ? "new" : "old",
                         .data = std::make_shared<const std::string>(
                             data_with(later ? "Is it <b>better</b>?" : "Is it worse?"))};
      },
      0);
  const auto dom = earshot::testing::dom_of(server.address(), name, 10);
  if (looks == 0) GTEST_SKIP() << name << " does not start here";
  EXPECT_THAT(earshot::testing::root_of(dom),
              AllOf(HasSubstr("data-built=\"yes\""), Not(HasSubstr("data-error"))));
  EXPECT_THAT(dom, AllOf(HasSubstr("Is it &lt;b&gt;better&lt;/b&gt;?"), HasSubstr("viewBox="),
                         HasSubstr("Live, as of "), Not(HasSubstr("Is it worse?"))));
}

}  // namespace
}  // namespace earshot::host
