#include "worker/requests/dispatch.hpp"

#include <array>
#include <cfenv>
#include <thread>

#include <gmock/gmock.h>
#include <unistd.h>

#include "../plugin/fixture_plugins.hpp"
#include "protocol/components.hpp"
#include "worker/requests/decoy.hpp"

namespace earshot::worker {
namespace {

using protocol::Json;
using testing::HasSubstr;

/// A worker's answer to a request.
Json answer_to(Json request) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return {};
  request["id"] = 7;
  std::thread writer([&] {
    protocol::Channel channel(-1, pipe[1]);
    answer({request, ""}, channel);
  });
  protocol::Channel reader(pipe[0], -1);
  auto message = reader.receive();
  writer.join();
  ::close(pipe[0]);
  ::close(pipe[1]);
  return message ? message->header : Json();
}

Json resolve(const std::string& defect) {
  return {{"type", "resolve"},
          {"component", protocol::ComponentRef{fixture_plugin(defect).string(), "it"}}};
}

TEST(Answer, of_a_component_that_leaves_nothing_behind_says_no_more_than_its_result) {
  answer_to(resolve("good"));  // loads the plugin
  const auto header = answer_to(resolve("good"));
  EXPECT_EQ(header.at("type"), "done") << header;
  EXPECT_FALSE(header.contains("warnings")) << header;
}

TEST(Answer, names_the_plugin_that_changes_numbers_and_asks_for_another_process) {
  const auto header = answer_to(resolve("rounds_up_when_constructed"));
  EXPECT_EQ(header.at("type"), "failed");
  EXPECT_EQ(header.at("kind"), "contract");
  EXPECT_THAT(header.at("message").get<std::string>(),
              HasSubstr("rounds_up_when_constructed.so changed the floating-point environment"));
  EXPECT_NE(header.at("leftovers"), "");
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST(Answer, is_a_failure_with_a_cut_text_however_long_an_error_is) {
  const auto header = answer_to({{"type", std::string(15 << 20, 'x')}});
  EXPECT_EQ(header.at("type"), "failed");
  const auto message = header.at("message").get<std::string>();
  EXPECT_LT(message.size(), 100u << 10);
  EXPECT_THAT(message, HasSubstr("bytes left out"));
}

TEST(Decoy, tells_once_that_somebody_has_written_to_it) {
  const int fd = ::dup(1);
  put_decoy(fd);
  EXPECT_FALSE(decoy_was_written());
  for (int time = 0; time < 2; ++time) {
    ASSERT_EQ(::write(fd, "x", 1), 1);
    EXPECT_TRUE(decoy_was_written());
    EXPECT_FALSE(decoy_was_written());
  }
  ::close(fd);
}

}  // namespace
}  // namespace earshot::worker
