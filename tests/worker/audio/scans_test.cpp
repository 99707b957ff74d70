#include "worker/audio/scans.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/error.hpp>

#include "files.hpp"
#include "sounds.hpp"
#include "worker/audio/declared.hpp"
#include "worker/audio/decode.hpp"

namespace earshot::worker {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::wait_until_settled;

TEST(Length, of_mpeg_is_counted_once_for_all_clips_of_an_unchanged_file) {
  const TemporaryFolder folder;
  const auto counted = mpeg(folder, 441000);
  if (counted.empty()) GTEST_SKIP() << "this libsndfile writes no MP3";
  const auto file = folder / "x.mp3";
  auto uncounted = counted;
  uncounted.replace(std::min(counted.find("Xing"), counted.find("Info")), 4, "\0\0\0\0"s);
  for (const auto& content : {counted, uncounted}) {
    put(file, content);
    wait_until_settled();
    const auto before = mpeg_scans();
    const auto all = decode(file).samples;
    for (const std::size_t first : {0U, 1000U, 36000U, 37000U, 100000U, 250001U, 430000U})
      EXPECT_EQ(decode(file, static_cast<double>(first) / 44100, 0.1).samples,
                std::vector<float>(all.begin() + static_cast<std::ptrdiff_t>(first),
                                   all.begin() + static_cast<std::ptrdiff_t>(first) + 4410))
          << first;
    EXPECT_EQ(decode(file).samples, all);
    EXPECT_EQ(mpeg_scans(), before + 1);
  }
  put(file, uncounted.substr(0, uncounted.size() / 2));
  EXPECT_THAT([&] { decode(file); }, ThrowsMessage<DataError>(HasSubstr("truncated")));
}

TEST(Length, of_ogg_pages_is_checked_once_for_all_clips_of_an_unchanged_file) {
  const TemporaryFolder folder;
  const auto file = folder / "x.ogg";
  write_sound(file, noise(), 8000, 1, SF_FORMAT_OGG | SF_FORMAT_VORBIS);
  const auto bytes = bytes_of(file);
  wait_until_settled();
  const auto before = length_scans();
  const auto all = decode(file).samples;
  for (const std::size_t first : {0U, 5000U, 12345U})
    EXPECT_EQ(decode(file, static_cast<double>(first) / 8000, 0.1).samples,
              std::vector<float>(all.begin() + static_cast<std::ptrdiff_t>(first),
                                 all.begin() + static_cast<std::ptrdiff_t>(first) + 800));
  EXPECT_EQ(length_scans(), before + 1);
  put(file, bytes.substr(0, bytes.rfind("OggS")));
  EXPECT_THAT([&] { decode(file); }, ThrowsMessage<DataError>(HasSubstr("truncated")));
}

TEST(Scans, keep_what_was_asked_for_last_and_only_so_much) {
  const TemporaryFolder folder;
  for (const auto* name : {"a", "b", "c"})
    put(folder / name, name);
  wait_until_settled();
  Scans<int> scans(2);
  const auto ask = [&](const char* name) {
    return *scans.of(folder / name, [&] { return name[0] - 'a'; });
  };
  for (const auto* name : {"a", "b", "a", "b"})
    EXPECT_EQ(ask(name), name[0] - 'a');
  EXPECT_EQ(scans.count(), 2);
  ask("a");
  ask("c");  // forgets b
  ask("a");
  EXPECT_EQ(scans.count(), 3);
  ask("b");
  EXPECT_EQ(scans.count(), 4);
  put(folder / "b", "changed");
  ask("b");
  EXPECT_EQ(scans.count(), 5);
  ask("b");  // written a moment ago
  EXPECT_EQ(scans.count(), 6);
}

TEST(Scans, are_not_done_twice_by_threads_that_ask_together) {
  const TemporaryFolder folder;
  put(folder / "a", "a");
  wait_until_settled();
  Scans<int> scans;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      scans.of(folder / "a", [] {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return 1;
      });
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(scans.count(), 1);
}

}  // namespace
}  // namespace earshot::worker
