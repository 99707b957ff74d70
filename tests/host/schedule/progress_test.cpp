#include "host/schedule/progress.hpp"

#include <cstdio>

#include <gmock/gmock.h>

#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

/// What a progress of this kind prints.
template <class Do>
std::string printed(const char* kind, Do&& act) {
  std::FILE* out = std::tmpfile();
  act(*make_progress(kind, out));
  std::string text(static_cast<std::size_t>(std::ftell(out)), '\0');
  std::rewind(out);
  text.resize(std::fread(text.data(), 1, text.size(), out));
  std::fclose(out);
  return text;
}

Json finished(const std::string& state) {
  return {{"event", "cell_finished"}, {"cell", "log_mel/room/s0"}, {"key", "k"},    {"attempt", 1},
          {"state", state},           {"seconds", 1.25},           {"retry", false}};
}

TEST(PlainProgress, has_a_line_for_each_cell_and_no_escape_codes) {
  const auto text = printed("plain", [](Progress& progress) {
    progress.event({{"event", "plan"}, {"total", 2}});
    progress.event(finished("ok"));
    auto failed = finished("failed");
    failed["error"] = "no such layer";
    progress.event(failed);
    progress.tick({});
    progress.finish();
  });
  EXPECT_EQ(text, "ok  log_mel/room/s0  1.2 s\nfailed  log_mel/room/s0  1.2 s  no such layer\n");
}

TEST(PlainProgress, shows_what_a_plugin_says_without_its_control_characters) {
  for (const char* kind : {"plain", "live"}) {
    const auto text = printed(kind, [](Progress& progress) {
      auto failed = finished("failed");
      failed["error"] =
          "\x1b]0;title\x07 and \xC2\x9B"
          "2J";
      progress.event(failed);
      progress.note("\x1b[2J");
    });
    EXPECT_EQ(text.find('\x07'), std::string::npos) << kind;
    EXPECT_EQ(text.find("\x1b]0"), std::string::npos) << kind;
    EXPECT_EQ(text.find("\x1b[2J"), std::string::npos) << kind;
    EXPECT_EQ(text.find("\xC2\x9B"), std::string::npos) << kind;
  }
}

TEST(PlainProgress, tells_of_thousands_of_cells_only_those_that_fail) {
  const auto text = printed("plain", [](Progress& progress) {
    progress.event({{"event", "plan"}, {"total", 10000}});
    for (int i = 0; i < 100; ++i)
      progress.event(finished("ok"));
    progress.event(finished("timeout"));
  });
  EXPECT_EQ(text, "timeout  log_mel/room/s0  1.2 s\n");
}

TEST(JsonProgress, is_one_object_a_line) {
  const auto text = printed("json", [](Progress& progress) {
    progress.event(finished("ok"));
    progress.note("a warning\nof two lines");
    progress.tick({});
  });
  const auto end = text.find('\n');
  EXPECT_EQ(Json::parse(text.substr(0, end)), finished("ok"));
  EXPECT_EQ(Json::parse(text.substr(end + 1)).at("event"), "note");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(NoProgress, is_silent) {
  EXPECT_EQ(printed("none",
                    [](Progress& progress) {
                      progress.event(finished("failed"));
                      progress.note("x");
                    }),
            "");
}

TEST(LiveProgress, shows_counts_estimate_and_stage_and_cleans_up) {
  const auto text = printed("live", [](Progress& progress) {
    progress.tick({.total = 4,
                   .done = 2,
                   .running = 1,
                   .failed = 1,
                   .elapsed = 65,
                   .remaining = 60,
                   .stage = "features of scenes: mfcc",
                   .stage_done = 3,
                   .stage_total = 8});
    progress.finish();
  });
  EXPECT_THAT(text,
              ::testing::HasSubstr("[############------------] 2/4  1 running  1 failed  1:05  "
                                   "about 1:00 left"));
  EXPECT_THAT(text, ::testing::HasSubstr("features of scenes: mfcc  3/8"));
  EXPECT_TRUE(text.ends_with("\x1b[J"));
}

TEST(MakeProgress, knows_its_formats) {
  EXPECT_THROW(make_progress("jsn", stdout), Failure);
}

TEST(ClockText, has_hours_only_when_there_are_some) {
  EXPECT_EQ(clock_text(5), "0:05");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  EXPECT_EQ(clock_text(-1), "");
}

}  // namespace
}  // namespace earshot::host
