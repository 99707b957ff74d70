#include "host/cli/meters.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include <gmock/gmock.h>

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::int64_t mebi = 1 << 20;

/// The meter's output for a file of 100 MiB of which 40 MiB were already there.
std::string shown(bool live) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::tmpfile(), std::fclose);
  DownloadMeter meter(out.get(), live);
  meter.note("two files");
  meter.progress({"config.json", 0, 0, 21});
  meter.progress({"config.json", 0, 21, 21});
  for (std::int64_t done = 40; done <= 100; done += 20)
    meter.progress({"model.safetensors", 40 * mebi, done * mebi, 100 * mebi});
  std::rewind(out.get());
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), out.get()));
  return text;
}

TEST(DownloadMeter, prints_plain_lines_where_there_is_no_terminal) {
  const auto text = shown(false);
  EXPECT_THAT(text, StartsWith("two files\n  config.json: 21 B in 0:00"));
  EXPECT_THAT(text,
              ContainsRegex("\n  model.safetensors: 100.0 MiB, of which 40.0 MiB are present\n"
                            "  model.safetensors: 100.0 MiB in 0:0[0-9]"));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("\r")), Not(HasSubstr("\x1b"))));
}

TEST(DownloadMeter, draws_one_line_on_a_terminal_and_leaves_what_is_done) {
  const auto text = shown(true);
  EXPECT_THAT(text, HasSubstr("\r\x1b[?7l  model.safetensors: 40.0 MiB of 100.0 MiB, 40 %\x1b[K"));
  EXPECT_THAT(text, HasSubstr("\r\x1b[K  model.safetensors: 100.0 MiB in 0:0"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

}  // namespace
}  // namespace earshot::host
