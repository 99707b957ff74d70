#include "host/base/worker_process.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "host/base/ask.hpp"
#include "host/base/failure.hpp"
#include "host/base/installation.hpp"

namespace earshot::host {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

struct NoSuchVerb {
  static constexpr const char* name = "no_such_verb";
  using Request = protocol::NoFacts;
  using Result = protocol::NoFacts;
  using Events = protocol::List<>;
};

template <class Action>
WorkerError error_of(Action action) {
  try {
    action();
  } catch (const WorkerError& error) {
    return error;
  }
  return {"", "no error"};
}

class Worker : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      worker_file();
    } catch (const Failure& failure) {
      GTEST_SKIP() << failure.what();
    }
  }
};

TEST_F(Worker, answers_with_the_kind_and_the_text_of_its_error) {
  WorkerProcess worker;
  const auto error = error_of([&] { ask<NoSuchVerb>(worker, {}, 60s); });
  EXPECT_EQ(error.kind, "bug");
  EXPECT_THAT(error.what(), HasSubstr("no_such_verb"));
  EXPECT_EQ(worker.hello().protocol, protocol::version);
  EXPECT_EQ(worker.hello().pid, worker.pid());
  EXPECT_THAT(worker.hello().abi_tag, HasSubstr("torch"));
}

TEST_F(Worker, answers_questions_one_after_the_other) {
  WorkerProcess worker;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(error_of([&] { ask<NoSuchVerb>(worker, {}, 60s); }).kind, "bug");
  EXPECT_FALSE(worker.exit());
}

TEST_F(Worker, that_is_killed_is_a_crash_named_by_its_signal) {
  WorkerProcess worker;
  worker.kill(SIGSEGV);
  const auto error = error_of([&] { ask<protocol::verb::Inspect>(worker, {"x"}, 60s); });
  EXPECT_EQ(error.kind, "crash");
  EXPECT_STREQ(error.what(), "the worker was killed by signal 11 (Segmentation fault)");
  EXPECT_EQ(worker.wait().signal, SIGSEGV);
}

TEST_F(Worker, that_does_not_answer_in_time_is_killed) {
  WorkerProcess worker;
  error_of([&] { ask<NoSuchVerb>(worker, {}, 60s); });  // it has started
  worker.kill(SIGSTOP);
  const auto error = error_of([&] { ask<protocol::verb::Inspect>(worker, {"x"}, 50ms); });
  EXPECT_EQ(error.kind, "timeout");
  EXPECT_EQ(worker.wait().signal, SIGKILL);
}

TEST_F(Worker, ends_by_itself_when_its_input_closes) {
  WorkerProcess worker;
  error_of([&] { ask<NoSuchVerb>(worker, {}, 60s); });
  worker.close_input();
  EXPECT_EQ(worker.wait().text(), "ended with status 0");
}

TEST_F(Worker, inherits_no_token_of_the_hub) {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "EARSHOT_TEST_OTHER"})
    setenv(name, "hf_secret", 1);
  WorkerProcess worker;
  error_of([&] { ask<NoSuchVerb>(worker, {}, 60s); });
  std::ifstream stream("/proc/" + std::to_string(worker.pid()) + "/environ");
  const std::string all{std::istreambuf_iterator<char>(stream), {}};
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "EARSHOT_TEST_OTHER"})
    unsetenv(name);
  EXPECT_THAT(all, HasSubstr("EARSHOT_TEST_OTHER=hf_secret"));
  EXPECT_THAT(all, Not(HasSubstr("HF_TOKEN=")));
  EXPECT_THAT(all, Not(HasSubstr("HUGGING_FACE_HUB_TOKEN=")));
}

TEST_F(Worker, has_its_channel_on_a_descriptor_that_plugins_do_not_write_to_by_accident) {
  WorkerProcess worker;
  error_of([&] { ask<NoSuchVerb>(worker, {}, 60s); });
  const auto three =
      std::filesystem::read_symlink("/proc/" + std::to_string(worker.pid()) + "/fd/3");
  EXPECT_THAT(three.string(), ::testing::StartsWith("/memfd:"));
}

// Regression: a lack of descriptors or processes was reported as a wrong --worker-prefix.
TEST_F(Worker, that_gets_no_descriptors_says_so_and_does_not_blame_the_command_line) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{.rlim_cur = 12, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::string message;
  auto code = ExitCode::ok;
  try {
    WorkerProcess worker;
    WorkerProcess another;
  } catch (const Failure& failure) {
    message = failure.what();
    code = failure.code();
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_THAT(message, HasSubstr("Too many open files; raise the limit (ulimit -n)"));
  EXPECT_EQ(code, ExitCode::cells_not_ok);
}

TEST_F(Worker, runs_behind_the_words_of_a_prefix) {
  WorkerProcess worker({.prefix = {"env", "LC_ALL=C"}});
  EXPECT_EQ(error_of([&] { ask<NoSuchVerb>(worker, {}, 60s); }).kind, "bug");
}

TEST_F(Worker, behind_an_unknown_prefix_is_a_failure_that_names_it) {
  try {
    WorkerProcess worker({.prefix = {"no-such-debugger"}});
    FAIL() << "started";
  } catch (const Failure& failure) {
    EXPECT_STREQ(failure.what(),
                 "no-such-debugger: the worker cannot be started: No such file or directory; "
                 "expected a program. Check --worker-prefix");
    EXPECT_EQ(failure.code(), ExitCode::usage);
  }
}

}  // namespace
}  // namespace earshot::host
