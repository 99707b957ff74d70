#include "worker/plugin/shared_state.hpp"

#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/DefaultDtype.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <earshot/error.hpp>

#include "../plugin/fixture_plugins.hpp"
#include "worker/plugin/leftovers.hpp"
#include "worker/plugin/library.hpp"

namespace earshot::worker {
namespace {

using ::testing::HasSubstr;

std::string complaint(const std::function<void()>& action, Extent extent = Extent::process) {
  try {
    call_plugin([] { return "encoder 'x' of x.so"; }, action, extent);
  } catch (const ContractError& error) {
    return error.what();
  }
  return "";
}

struct Change {
  const char* what;
  std::function<void()> make;
};

// Regression: a plugin that changed the rounding mode changed the numbers of later cells.
TEST(CallPlugin, puts_back_what_decides_numbers_and_names_who_changed_it) {
  remember_normal_state();
  auto& context = at::globalContext();
  const std::vector<Change> changes {
    {"rounding mode", [] { std::fesetround(FE_UPWARD); }},
        {"rounding mode", [] { std::fesetround(FE_TOWARDZERO); }},
        {"exceptions that trap", [] { ::feenableexcept(FE_DIVBYZERO); }},
#if defined(__x86_64__)
        {"flush of denormal numbers", [] { at::globalContext().setFlushDenormal(true); }},
        {"precision of the x87 unit",
         [] {
           unsigned short word = 0;
           asm volatile("fnstcw %0" : "=m"(word));
           word &= 0xFCFF;
           asm volatile("fldcw %0" : : "m"(word));
         }},
#endif
        {"default number type",
         [] { c10::set_default_dtype(c10::scalarTypeToTypeMeta(at::kDouble)); }},
        {"gradient mode", [] { c10::GradMode::set_enabled(!c10::GradMode::is_enabled()); }},
        {"number of threads", [] { at::set_num_threads(at::get_num_threads() + 1); }},
        {"deterministic algorithms", [&] { context.setDeterministicAlgorithms(true, false); }},
        {"oneDNN", [&] { context.setUserEnabledMkldnn(false); }},
        {"precision of float32 products", [&] { context.setFloat32MatmulPrecision("medium"); }}, {
      "flash attention", [&] { context.setSDPUseFlash(false); }
    }
  };
  for (const auto& [what, make] : changes) {
    const NumericState before;
    const auto message = complaint(make);
    EXPECT_THAT(message, HasSubstr("encoder 'x' of x.so changed"));
    EXPECT_THAT(message, HasSubstr(what));
    EXPECT_TRUE(before.changes().empty()) << what;
  }
  take_account();
}

TEST(CallPlugin, puts_back_what_belongs_to_the_process_and_warns) {
  remember_normal_state();
  const std::vector<Change> changes{
      {"the locale", [] { std::setlocale(LC_ALL, "C.UTF-8"); }},
      {"the umask", [] { ::umask(0777); }},
      {"the working folder", [] { ASSERT_EQ(::chdir("/"), 0); }},
      {"the environment", [] { ::setenv("EARSHOT_TEST_CHANGE", "1", 1); }},
      {"the environment", [] { ::clearenv(); }},
      {"the signal handlers", [] { std::signal(SIGTERM, SIG_DFL), std::signal(SIGUSR1, SIG_IGN); }},
      {"the signal handlers",
       [] {
         sigset_t all;
         sigfillset(&all);
         ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
       }},
      {"the limits",
       [] {
         rlimit limit{};
         ::getrlimit(RLIMIT_NOFILE, &limit);
         limit.rlim_cur = 64;
         ::setrlimit(RLIMIT_NOFILE, &limit);
       }},
      {"timers", [] { ::alarm(1000); }},
      {"C++ handlers", [] { std::set_terminate([] { std::abort(); }); }},
      {"stdout", [] { ::close(1); }}};
  for (const auto& [what, make] : changes) {
    begin_account();
    const ProcessState before;
    EXPECT_EQ(complaint(make), "") << what;
    EXPECT_TRUE(before.changes().empty()) << what;
    const auto account = take_account();
    ASSERT_EQ(account.warnings.size(), 1u) << what;
    EXPECT_THAT(account.warnings[0], HasSubstr("encoder 'x' of x.so changed "));
    EXPECT_THAT(account.warnings[0], HasSubstr(what));
    EXPECT_EQ(account.damage, "") << what;
  }
}

TEST(CallPlugin, lets_an_exception_through_and_puts_back_all_the_same) {
  begin_account();
  EXPECT_THROW(complaint([] {
                 std::fesetround(FE_UPWARD);
                 throw 42;
               }),
               int);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
  EXPECT_NE(take_account().damage, "") << "threads may have inherited it";
}

TEST(CallPlugin, begins_as_if_nobody_had_changed_anything_before) {
  remember_normal_state();
  begin_account();
  std::fesetround(FE_UPWARD);  // by code outside the watched calls
  const int inside = call_plugin([] { return "x"; }, [] { return std::fegetround(); });
  EXPECT_EQ(inside, FE_TONEAREST);
  EXPECT_FALSE(take_account().strays.empty());
}

TEST(CallPlugin, looks_at_each_of_several_threads) {
  std::string message;
  std::thread([&] {
    message = complaint([] { std::fesetround(FE_UPWARD); }, Extent::thread);
  }).join();
  EXPECT_THAT(message, HasSubstr("rounding mode"));
  take_account();
}

#if defined(__x86_64__)
TEST(OpenLibrary, undoes_what_a_library_of_fast_math_does_when_it_is_loaded) {
  const NumericState before;
  const auto& library = open_library(fixture_plugin("flushes_to_zero_at_load"));
  EXPECT_TRUE(before.changes().empty());
  ASSERT_EQ(library.info.warnings.size(), 1u);
  EXPECT_THAT(library.info.warnings[0], HasSubstr("flush of denormal numbers to zero"));
  take_account();
}
#endif

TEST(Leftovers, are_threads_and_processes_and_not_the_pool_of_libtorch) {
  use_threads(3);
  at::parallel_for(0, 3, 1, [](std::int64_t, std::int64_t) {});
  EXPECT_EQ(leftovers(), "");
  at::parallel_for(0, 2, 1, [](std::int64_t, std::int64_t) {});
  EXPECT_EQ(leftovers(), "");
  {
    std::jthread thread([](const std::stop_token& stop) {
      while (!stop.stop_requested())
        std::this_thread::yield();
    });
    EXPECT_EQ(leftovers(), "a thread");
  }
  EXPECT_EQ(leftovers(), "");
  const auto child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  EXPECT_EQ(leftovers(), "a process");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(leftovers(), "");
}

}  // namespace
}  // namespace earshot::worker
