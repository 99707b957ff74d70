#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "../weights/fake_hub.hpp"
#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

/// An experiment with a codec whose weights are on a hub, and one without weights.
class WeightsCommand : public ::testing::Test {
 protected:
  WeightsCommand() {
    hub.files = {{"README.md", "---\nlicense: mit\n---\n"},
                 {"config.json", "{}"},
                 {"model.safetensors", noise(200'000)}};
    hub.large = {"model.safetensors"};
    auto text = Sandbox::experiment();
    text.insert(text.find("[encoder.level_only]"),
                "[encoder.codec]\nuse = 'mimi'\noptions = { weights = 'hf://owner/repo' }\n"
                "[encoder.codec_untrained]\nuse = 'mimi'\n"
                "options = { weights = 'random', preset = 'tiny' }\n");
    text.replace(text.rfind("\"log_mel\""), 9, "\"codec\", \"codec_untrained\"");
    sandbox.write_experiment(text);
  }

  Runner start(std::vector<std::string> words, std::vector<std::string> environment = {}) const {
    environment.insert(environment.end(),
                       {"HF_ENDPOINT=" + hub.url(), "HF_HOME=" + (sandbox / "hf").string(),
                        "HF_HUB_CACHE=", "HF_TOKEN=", "HF_HUB_OFFLINE=", "no_proxy=127.0.0.1",
                        "HUGGINGFACE_HUB_CACHE=", "HUGGING_FACE_HUB_TOKEN=", "HF_TOKEN_PATH="});
    return Runner(sandbox.data().parent_path(), std::move(words), std::move(environment));
  }
  Ended weights(std::vector<std::string> words, std::vector<std::string> environment = {}) const {
    words.insert(words.begin(), {"weights", "tones.toml", "--results", "r/results.db"});
    return start(std::move(words), std::move(environment)).wait();
  }
  static Json row(const Ended& ended, std::size_t place = 0) {
    return Json::parse(ended.out).at(place);
  }

  Sandbox sandbox{};
  FakeHub hub{};
};

TEST_F(WeightsCommand, lists_gets_and_lists_again) {
  const auto before = weights({});
  EXPECT_EQ(before.code, 1);
  EXPECT_THAT(before.out,
              AllOf(ContainsRegex("hf://owner/repo +encoder codec +missing +195.3 KiB +195.3 KiB "
                                  "+mit\n"),
                    ContainsRegex("random +encoder codec_untrained +random"),
                    HasSubstr("1 of 2 are missing; 'runner weights tones.toml --get' downloads")));
  EXPECT_EQ(before.err, "");
  const auto get = weights({"--get"});
  EXPECT_EQ(get.code, 0) << get.err;
  EXPECT_THAT(get.out, ContainsRegex("hf://owner/repo +encoder codec +here +195.3 KiB +- +mit\n"));
  EXPECT_THAT(get.err, AllOf(HasSubstr("hf://owner/repo: 3 files, 195.3 KiB to get, licence mit\n"),
                             HasSubstr("model.safetensors: 195.3 KiB in 0:0"),
                             Not(HasSubstr("\x1b")), Not(HasSubstr("\r"))));
  const auto requests = hub.hub_requests().size();
  const auto after = weights({"--format", "json"});
  EXPECT_EQ(after.code, 0);
  EXPECT_EQ(row(after).at("state"), "here");
  EXPECT_EQ(row(after).at("bytes"), 200'002);
  EXPECT_EQ(row(after).at("to_get"), 0);
  EXPECT_EQ(row(after).at("licence"), "mit");
  EXPECT_EQ(text_of(row(after).at("path").get<std::string>() + "/config.json"), "{}");
  EXPECT_EQ(hub.hub_requests().size(), requests) << "what is here is not asked for";
}

TEST_F(WeightsCommand, sends_no_request_when_offline) {
  for (const auto& [words, environment] :
       std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>>{
           {{"--offline"}, {}}, {{}, {"HF_HUB_OFFLINE=1"}}}) {
    const auto list = weights(words, environment);
    EXPECT_EQ(list.code, 1);
    EXPECT_THAT(list.out, ContainsRegex("hf://owner/repo +encoder codec +missing +not asked +not "
                                        "asked +unknown\n"));
  }
  const auto get = weights({"--get", "--offline"});
  EXPECT_EQ(get.code, 1);
  EXPECT_THAT(get.err, HasSubstr("nothing was downloaded: --offline forbids it"));
  EXPECT_TRUE(hub.hub_requests().empty());
}

TEST_F(WeightsCommand, is_named_by_the_run_that_skips_cells_without_weights) {
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"tones.toml", "--results", "r/results.db"});
    return start(std::move(words)).wait();
  };
  const auto ended = run({"--only", "encoder=codec,level_only", "--only", "task=near"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out + ended.err,
              AllOf(HasSubstr("'hf://owner/repo' is not in the local Hugging Face cache"),
                    HasSubstr("'runner weights tones.toml --get' downloads it")));
  EXPECT_EQ(sandbox.query("r", "select count(DISTINCT cell_key) from result"), "1");
  EXPECT_TRUE(hub.hub_requests().empty()) << "a run fetches nothing by itself";
  const auto set =
      run({"--set", "encoder.codec.options.weights=hf://other/repo", "--only", "encoder=codec"});
  EXPECT_THAT(set.out + set.err,
              HasSubstr("'runner weights tones.toml --get --set "
                        "encoder.codec.options.weights=hf://other/repo' downloads it"));
}

TEST_F(WeightsCommand, reports_what_a_hub_refuses_and_continues_with_the_others) {
  hub.hub_trouble = [](const HttpServer::Request& request) -> std::optional<HttpServer::Answer> {
    if (request.target.find("/gated/") == std::string::npos) return std::nullopt;
    return FakeHub::refusal(403, "GatedRepo", "Access is restricted");
  };
  const auto ended = weights({"hf://gated/one", "--get"}, {"HF_TOKEN=hf_secret"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(
      ended.err,
      AllOf(HasSubstr("hf://gated/one: the repository is gated (403), and the token of "
                      "HF_TOKEN was sent"),
            HasSubstr("Accept them at " + hub.url() + "/gated/one"), Not(HasSubstr("hf_secret"))));
  EXPECT_THAT(ended.out, AllOf(ContainsRegex("hf://gated/one +- +missing +unknown"),
                               ContainsRegex("hf://owner/repo +encoder codec.* +here")));
}

TEST_F(WeightsCommand, waits_when_the_hub_is_busy) {
  int times = 1;
  hub.hub_trouble = [&times](const HttpServer::Request&) -> std::optional<HttpServer::Answer> {
    if (times-- <= 0) return std::nullopt;
    auto busy = FakeHub::refusal(429, "", "");
    busy.headers["Retry-After"] = "1";
    return busy;
  };
  const auto ended = weights({"--get"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("trying again in 1 s (attempt 2 of 5)"));
}

TEST_F(WeightsCommand, refuses_hostile_names_where_they_are_written) {
  for (const auto* name : {"hf://a/../../x", "hf://owner/repo/../../../etc/passwd", "hf://owner"}) {
    const auto ended = start({"weights", name, "--get"}).wait();
    EXPECT_EQ(ended.code, 2) << name;
    EXPECT_THAT(ended.err, HasSubstr("allowed is hf://owner/repo[/file][@revision]")) << name;
  }
  auto text = text_of(sandbox / "tones.toml");
  text.replace(text.find("hf://owner/repo"), 15, "hf://a/../../x");
  sandbox.write_experiment(text);
  const auto ended = weights({});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, ContainsRegex("tones.toml:[0-9]+:[0-9]+: 'hf://a/../../x': "));
  EXPECT_TRUE(hub.hub_requests().empty());
}

TEST_F(WeightsCommand, fetches_once_when_two_run_at_the_same_time) {
  hub.cdn_trouble =
      [this](const HttpServer::Request& request) -> std::optional<HttpServer::Answer> {
    auto answer = FakeHub::content(request, hub.files.at("model.safetensors"));
    answer.silence = 1;
    return answer;
  };
  std::vector<Runner> runners;
  for (int i = 0; i < 2; ++i)
    runners.push_back(start({"weights", "hf://owner/repo", "--get"}));
  for (auto& runner : runners) {
    const auto ended = runner.wait();
    EXPECT_EQ(ended.code, 0) << ended.err;
  }
  EXPECT_EQ(hub.cdn_requests().size(), 1u);
}

TEST_F(WeightsCommand, resumes_after_a_kill) {
  const auto cut = noise(200'000).substr(0, 50'000);
  hub.cdn_trouble = [&](const HttpServer::Request&) -> std::optional<HttpServer::Answer> {
    if (hub.cdn_requests().size() > 1) return std::nullopt;
    return HttpServer::Answer{.body = cut, .length = 200'000, .hold = true};
  };
  auto killed = start({"weights", "hf://owner/repo", "--get"});
  const auto part = sandbox / "hf/hub/models--owner--repo/blobs" /
                    (hub.etag("model.safetensors") + ".incomplete");
  for (int i = 0; i < 1000 && text_of(part).size() < cut.size(); ++i)
    sleep_seconds(0.01);
  killed.kill(SIGKILL);
  killed.wait();
  EXPECT_THAT(weights({}).out, ContainsRegex("partial +195.3 KiB +146.5 KiB"));
  const auto ended = weights({"--get"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(hub.cdn_requests().back().headers.at("range"), "bytes=50000-");
}

TEST_F(WeightsCommand, without_a_file_reads_the_experiments_of_the_folder) {
  const auto text = text_of(sandbox / "tones.toml");
  write(sandbox / "experiments/a.toml", text);
  write(sandbox / "experiments/b.toml", "[experiment]\nname = \"${NOT_SET_ANYWHERE}\"\n");
  const auto get = start({"weights", "--get"}).wait();
  EXPECT_EQ(get.code, 1) << "one could not be read";
  EXPECT_THAT(get.out, ContainsRegex("hf://owner/repo +encoder codec \\(tones\\) +here"));
  EXPECT_THAT(get.err, HasSubstr("warning: this file is skipped: experiments/b.toml:2:8: "));
  write(sandbox / "experiments/a.toml", Sandbox::experiment());
  std::filesystem::remove(sandbox / "experiments/b.toml");
  const auto none = start({"weights"}).wait();
  EXPECT_EQ(none.out, "no weights are needed\n");
  EXPECT_EQ(none.code, 0);
}

TEST_F(WeightsCommand, is_explained_with_examples) {
  const auto ended = start({"weights", "--help"}).wait();
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("Usage: runner weights [FILE.toml"),
                               HasSubstr("Examples:"), HasSubstr("--offline")));
  EXPECT_THAT(start({"--help"}).wait().out, HasSubstr("weights "));
  const auto none = start({"weights"}).wait();
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("no experiment file given, and none in a folder 'experiments'"));
}

}  // namespace
}  // namespace earshot::testing
