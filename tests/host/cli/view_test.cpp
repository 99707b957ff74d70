#include <csignal>

#include <gmock/gmock.h>

#include "commands.hpp"
#include "files.hpp"
#include "host/experiment/claims.hpp"
#include "host/report/page.hpp"
#include "http_client.hpp"
#include "sandbox.hpp"

namespace earshot::host {
namespace {

using earshot::testing::http_get;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// Views the experiment of Commands, which declares no claims.
class ViewCommand : public Commands {
 protected:
  ViewCommand() {
    plan.experiment.resolved["claims"] = to_record(Claims{});
    Store store(file, Store::Mode::write);
    record(store, plan);
  }
};

TEST_F(ViewCommand, refuses_what_it_cannot_show_and_says_what_it_could) {
  EXPECT_THAT(usage_of(view_command, {"ablatio"}), HasSubstr("did you mean 'ablation'"));
  for (const auto* port : {"-1", "65536"})
    EXPECT_THAT(usage_of(view_command, {std::string("--port=") + port}),
                HasSubstr("is not a port; allowed are 1 to 65535"));
  EXPECT_THAT(usage_of(view_command, {"--port", "http"}), HasSubstr("--port"));
  std::filesystem::remove(file);
  EXPECT_THAT(failure_of([&] { run(view_command, {}); }), HasSubstr("no such results file"));
}

TEST_F(ViewCommand, serves_until_a_signal_and_leaves_everything_as_it_was) {
  if (page_template.empty()) GTEST_SKIP() << "built without D3 (Debian's package node-d3)";
  const auto before = earshot::testing::text_of(file);
  for (const int signal : {SIGTERM, SIGINT}) {
    earshot::testing::Runner runner(folder.path(), {"view", "ablation", "--results", file.string()},
                                    {});
    const auto line = runner.wait_for("\n");
    const std::string address = "Open http://127.0.0.1:";
    ASSERT_TRUE(line.starts_with(address) && line.ends_with("/ in a browser; Ctrl-C ends it.\n"))
        << line;
    const auto port = std::stoi(line.substr(address.size()));
    EXPECT_EQ(http_get(port, "/").body, live_page());
    earshot::testing::HttpAnswer data;
    do
      data = http_get(port, "/data.json");
    while (data.status == 503);
    EXPECT_THAT(data.body, AllOf(HasSubstr("Does a codec keep"), HasSubstr("mimi: bad weights")));
    EXPECT_EQ(http_get(port, "/data.json", "Origin: http://evil.example\r\n").status, 403);
    runner.kill(signal);
    const auto ended = runner.wait();
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.err, "");
  }
  EXPECT_EQ(earshot::testing::text_of(file), before);
}

}  // namespace
}  // namespace earshot::host
