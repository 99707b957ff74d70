#include "host/weights/hub.hpp"

#include <chrono>

#include "fetch_fixture.hpp"

namespace earshot::host {
namespace {

using earshot::testing::FakeHub;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class HubRefusal : public Fetching {
 protected:
  std::string message_of(Answer answer, const std::string& source = "hf://owner/repo") {
    hub.hub_trouble = [answer](const Request&) { return std::optional(answer); };
    return failure(source);
  }
};

TEST_F(Fetching, sends_the_token_to_the_hub_and_to_no_other_host) {
  settings.token = "hf_secret";
  get();
  ASSERT_FALSE(hub.hub_requests().empty());
  for (const auto& request : hub.hub_requests())
    EXPECT_EQ(request.headers.at("authorization"), "Bearer hf_secret") << request.target;
  ASSERT_FALSE(hub.cdn_requests().empty());
  for (const auto& request : hub.cdn_requests())
    EXPECT_FALSE(request.has("authorization")) << request.target;
}

TEST_F(Fetching, follows_a_repository_to_its_new_name) {
  hub.hub_trouble = [](const Request& request) -> std::optional<Answer> {
    const auto place = request.target.find("/old/name");
    if (place == std::string::npos) return std::nullopt;
    auto target = request.target;
    Answer answer{.status = 307};
    answer.headers["Location"] = target.replace(place, 9, "/owner/repo");
    return answer;
  };
  get("hf://old/name");
  EXPECT_EQ(find_in_cache(settings.cache, parse_hub_source("hf://old/name")).missing, "");
}

TEST_F(HubRefusal, of_a_redirect_without_end_is_clear) {
  Answer answer{.status = 302};
  answer.headers["Location"] = "/again";
  EXPECT_THAT(message_of(answer), HasSubstr("too many redirects"));
  answer.headers["Location"] = "file:///etc/passwd";
  EXPECT_THAT(message_of(answer),
              HasSubstr("'file:///etc/passwd' is not an http or https address"));
}

TEST_F(HubRefusal, says_what_to_do_about_a_gated_repository) {
  EXPECT_THAT(
      message_of(FakeHub::refusal(401, "GatedRepo", "Access is restricted")),
      AllOf(HasSubstr("hf://owner/repo: the repository is gated (401), and no token was"),
            HasSubstr("Accept them at " + hub.url() + "/owner/repo"), HasSubstr("HF_TOKEN")));
  settings.token = "hf_secret";
  settings.token_from = "HF_TOKEN";
  EXPECT_THAT(message_of(FakeHub::refusal(403, "GatedRepo", "")),
              AllOf(HasSubstr("gated (403), and the token of HF_TOKEN was sent"),
                    Not(HasSubstr("hf_secret"))));
}

TEST_F(HubRefusal, says_what_to_do_about_a_bad_name_token_revision_or_file) {
  EXPECT_THAT(message_of(FakeHub::refusal(401, "RepoNotFound", "Repository not found")),
              AllOf(HasSubstr("there is no such repository, or it is private (401)"),
                    HasSubstr("Check the name")));
  EXPECT_THAT(message_of(FakeHub::refusal(404, "RepoNotFound", "")),
              HasSubstr("there is no such repository"));
  EXPECT_THAT(message_of(FakeHub::refusal(401, "", "Invalid credentials in Authorization header")),
              HasSubstr("the hub does not know the token"));
  EXPECT_THAT(message_of(FakeHub::refusal(403, "", "no\x1b[31m rights")),
              AllOf(HasSubstr("access is refused (403)"), HasSubstr("[it says: no [31m rights]")));
  hub.hub_trouble = {};
  EXPECT_THAT(failure("hf://owner/repo@v9"), HasSubstr("there is no revision 'v9'"));
  EXPECT_THAT(failure("hf://owner/repo/model.safetensor"),
              AllOf(HasSubstr("there is no 'model.safetensor' in it"),
                    HasSubstr("did you mean 'model.safetensors'?")));
  EXPECT_THAT(failure("hf://other/repo"), HasSubstr("there is no such repository"));
}

TEST_F(HubRefusal, is_tried_again_when_the_hub_is_busy_or_fails) {
  for (const int status : {408, 429, 500, 502, 503}) {
    int times = 2;
    hub.hub_trouble = [&times, status](const Request&) -> std::optional<Answer> {
      if (times-- > 0) return Answer{.status = status};
      return std::nullopt;
    };
    EXPECT_EQ(failure(), "") << status;
  }
  EXPECT_THAT(message_of({.status = 500}),
              HasSubstr("the hub reports an internal error (500). Try again later"));
  EXPECT_THAT(message_of({.status = 429}), HasSubstr("too many requests (429)"));
}

TEST_F(HubRefusal, is_waited_for_as_long_as_the_hub_asks) {
  Answer busy{.status = 429};
  busy.headers["Retry-After"] = "1";
  int times = 1;
  hub.hub_trouble = [&](const Request&) -> std::optional<Answer> {
    if (times-- > 0) return busy;
    return std::nullopt;
  };
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(failure(), "");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(950));
  busy.headers["Retry-After"] = "3600";
  const auto before = hub.hub_requests().size();
  EXPECT_THAT(message_of(busy), HasSubstr("the hub asks for a wait of 3600 s"));
  EXPECT_EQ(hub.hub_requests().size(), before + 1) << "an hour is not waited for";
}

TEST_F(HubRefusal, of_silence_ends_after_a_while) {
  settings.stall = std::chrono::seconds(1);
  settings.attempts = 1;
  Answer silent;
  silent.silence = 4;
  EXPECT_THAT(message_of(silent), HasSubstr("no answer from http://127.0.0.1"));
}

TEST_F(Fetching, says_which_server_does_not_answer) {
  settings.endpoint = "http://127.0.0.1:1";
  settings.attempts = 2;
  EXPECT_THAT(failure(),
              AllOf(HasSubstr("no answer from http://127.0.0.1:1"), HasSubstr("hf://owner/repo")));
  EXPECT_EQ(notes.size(), 1u);
}

class LyingHub : public HubRefusal, public ::testing::WithParamInterface<const char*> {};

TEST_P(LyingHub, is_refused_before_anything_is_written) {
  EXPECT_THAT(message_of({.body = GetParam()}), HasSubstr("the answer of " + hub.url()));
  EXPECT_FALSE(std::filesystem::exists(settings.cache));
}

INSTANTIATE_TEST_SUITE_P(
    Each, LyingHub,
    ::testing::Values("", "<html>log in to this network</html>", "[]", R"({"siblings": 1})",
                      R"({"siblings": [1]})", R"({"siblings": [{"rfilename": 3}]})",
                      R"({"siblings": [{"rfilename": "../../../etc/model.safetensors"}]})",
                      R"({"siblings": [{"rfilename": "/etc/model.safetensors"}]})",
                      R"({"siblings": [{"rfilename": "a/../../model.safetensors"}]})",
                      R"({"siblings": [{"rfilename": "a\\b"}]})",
                      R"({"sha": "../../x", "siblings": [{"rfilename": "model.safetensors"}]})"));

TEST_F(HubRefusal, of_a_file_whose_headers_cannot_be_used_is_clear) {
  const auto with = [&](const std::string& etag, const std::string& size,
                        const std::string& commit) {
    hub.hub_trouble = [=](const Request& request) -> std::optional<Answer> {
      if (request.method != "HEAD") return std::nullopt;
      Answer answer;
      answer.headers = {
          {"X-Linked-Etag", etag}, {"X-Linked-Size", size}, {"X-Repo-Commit", commit}};
      return answer;
    };
    return failure();
  };
  const auto hash = hub.etag("model.safetensors");
  EXPECT_THAT(with("\"../../../x\"", "3", hub.commit), HasSubstr("does not give the hash (etag)"));
  EXPECT_THAT(with(hash.substr(1), "3", hub.commit), HasSubstr("does not give the hash (etag)"));
  EXPECT_THAT(with(hash, "-3", hub.commit), HasSubstr("does not give the size"));
  EXPECT_THAT(with(hash, "99999999999999999999", hub.commit), HasSubstr("does not give the size"));
  EXPECT_THAT(with(hash, "3", "../../x"), HasSubstr("does not give the commit"));
  EXPECT_FALSE(std::filesystem::exists(repository()));
}

TEST(Url, has_an_origin_and_leads_to_others) {
  EXPECT_EQ(origin_of("https://HuggingFace.co/x?y"), "https://huggingface.co:443");
  EXPECT_EQ(origin_of("http://h:8080"), "http://h:8080");
  EXPECT_NE(origin_of("https://huggingface.co.evil.com/"), origin_of("https://huggingface.co/"));
  EXPECT_EQ(origin_of("https://huggingface.co@evil.com/"), "https://evil.com:443");
  EXPECT_EQ(redirected("https://a/b/c", "/d"), "https://a/d");
  EXPECT_EQ(redirected("https://a/b/c", "//e/d"), "https://e/d");
  EXPECT_EQ(redirected("https://a/b/c", "https://f/g?h=i%2Fj"), "https://f/g?h=i%2Fj");
  EXPECT_THROW(redirected("https://a/b", "ftp://x/"), HttpFault);
  EXPECT_EQ(url_encoded("refs/pr/1", false), "refs%2Fpr%2F1");
  EXPECT_EQ(url_encoded("sub/ä b.bin", true), "sub/%C3%A4%20b.bin");
}

}  // namespace
}  // namespace earshot::host
