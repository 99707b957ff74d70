#include <csignal>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "host/report/page.hpp"
#include "http_client.hpp"
#include "sandbox.hpp"

// The audio of items in `runner view` and `runner report`.

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

/// A `runner view` of the results in r/, until it is destroyed.
class Viewing {
 public:
  explicit Viewing(const Sandbox& sandbox)
      : runner_(sandbox / ".", {"view", "tones", "--results", "r/results.db"}, {}) {
    const auto line = runner_.wait_for("\n");
    const std::string address = "Open http://127.0.0.1:";
    if (line.starts_with(address)) port_ = std::stoi(line.substr(address.size()));
  }
  ~Viewing() {
    runner_.kill(SIGTERM);
    const auto ended = runner_.wait();
    EXPECT_EQ(ended.code, 0) << ended.err;
  }
  Viewing(const Viewing&) = delete;
  Viewing& operator=(const Viewing&) = delete;

  HttpAnswer get(const std::string& target) const { return http_get(port_, target); }
  Json data() const {
    HttpAnswer answer;
    do
      answer = get("/data.json");
    while (answer.status == 503);
    return Json::parse(answer.body);
  }

 private:
  Runner runner_;
  int port_ = 0;
};

std::string audio_target(const Json& block, std::int64_t position, int clip = 0) {
  return "/audio?dataset=" + block.at("dataset_key").get<std::string>() +
         "&item=" + std::to_string(position) + "&clip=" + std::to_string(clip);
}

/// The samples of a file that was sent.
std::vector<float> samples_in(const std::string& bytes, const std::filesystem::path& file) {
  write(file, bytes);
  return read_sound(file).interleaved;
}

TEST(SoundsOfItems, are_played_and_embedded_as_long_as_the_dataset_is_what_it_was) {
  if (host::page_template.empty()) GTEST_SKIP() << "built without D3 (Debian's package node-d3)";
  const Sandbox sandbox;
  const auto ran = sandbox.run("r");
  ASSERT_EQ(ran.code, 0) << ran.err;

  std::string file;
  {
    const Viewing viewing(sandbox);
    const auto block = viewing.data().at("answers").at(0);
    const auto& item = block.at("items").at(0);
    const auto position = item.at("position").get<std::int64_t>();
    file = sandbox.data() / item.at("id").get<std::string>();
    if (!std::filesystem::exists(file)) file += ".wav";
    const auto heard = viewing.get(audio_target(block, position));
    ASSERT_EQ(heard.status, 200) << heard.body;
    EXPECT_THAT(heard.head,
                AllOf(HasSubstr("Content-Type: audio/flac"), HasSubstr("Earshot-Clips: 1")));
    EXPECT_EQ(samples_in(heard.body, sandbox / "heard.flac"), read_sound(file).interleaved);
    EXPECT_EQ(viewing.get(audio_target(block, position, 1)).status, 404);
    EXPECT_EQ(viewing.get(audio_target(block, 70)).status, 404);
    EXPECT_EQ(viewing.get(audio_target({{"dataset_key", std::string(64, '0')}}, 0)).status, 404);

    write_sound(file, tone(4000, 1000, 16000), 16000);
    const auto changed = viewing.get(audio_target(block, position));
    EXPECT_EQ(changed.status, 410);
    EXPECT_THAT(changed.body, AllOf(StartsWith("runner view: "), HasSubstr("it changed")));
  }
  {
    const Viewing viewing(sandbox);  // which plans the dataset as it is now
    const auto block = viewing.data().at("answers").at(0);
    const auto other = viewing.get(audio_target(block, 0));
    EXPECT_EQ(other.status, 410);
    EXPECT_THAT(other.body,
                HasSubstr("its dataset is not what it was when experiment 'tones' ran"));
  }
}

TEST(SoundsOfItems, are_in_a_report_up_to_the_number_that_is_asked_for) {
  if (host::page_template.empty()) GTEST_SKIP() << "built without D3 (Debian's package node-d3)";
  const Sandbox sandbox;
  const auto ran = sandbox.run("r", {"--only", "seed=0"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::vector<std::string> report{"report", "tones",     "--to",
                                        "x.html", "--results", "r/results.db"};
  auto refused = report;
  refused.push_back("--embed-audio=-1");
  EXPECT_THAT(sandbox.command(refused).err, HasSubstr("allowed: 0 or more"));

  auto with_audio = report;
  with_audio.insert(with_audio.end(), {"--embed-audio", "2"});
  const auto ended = sandbox.command(with_audio);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("2 were chosen to be heard in this page"));
  const auto page = text_of(sandbox / "x.html");
  const auto data = Json::parse(host::data_of_page(page)->data);
  const auto& sounds = data.at("sounds").at("files");
  EXPECT_EQ(sounds.size(), 2U);
  for (const auto& [key, urls] : sounds.items()) {
    EXPECT_THAT(key,
                StartsWith(data.at("answers").at(0).at("dataset_key").get<std::string>() + "/"));
    ASSERT_EQ(urls.size(), 1U);
    EXPECT_THAT(urls.at(0).get<std::string>(),
                StartsWith("data:audio/flac;base64,ZkxhQ"));  // "fLaC"
  }
  const auto verified = sandbox.command({"verify", "x.html", "--results", "r/results.db"});
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("The sounds in the page were not compared"));
}

}  // namespace
}  // namespace earshot::testing
