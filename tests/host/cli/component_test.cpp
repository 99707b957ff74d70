#include "host/cli/component.hpp"

#include <sstream>

#include <gmock/gmock.h>

namespace earshot::host {
namespace {

using protocol::Json;

std::string printed(const Json& facts) {
  std::ostringstream out;
  print_facts(out, facts);
  return out.str();
}

Json needs(double longest, double shortest, const char* crop, const char* pad) {
  return {{"needs",
           {{"sample_rate", 44100},
            {"channels", 2},
            {"max_seconds", longest},
            {"min_seconds", shortest},
            {"crop", crop},
            {"pad", pad}}}};
}

TEST(Facts, of_needs_leave_out_what_is_unset) {
  EXPECT_EQ(printed(needs(0, 0, "first", "none")), "needs: 44100 Hz, 2 channels\n");
  EXPECT_EQ(printed(needs(0, 5, "first", "none")), "needs: 44100 Hz, 2 channels\n")
      << "without a padding nothing is filled";
}

TEST(Facts, of_needs_say_what_happens_to_longer_and_shorter_audio) {
  EXPECT_EQ(printed(needs(7, 7.5, "centre", "repeat")),
            "needs: 44100 Hz, 2 channels, at most 7 s (cropped to the middle), at least 7.5 s "
            "(padded with repeats)\n");
}

TEST(Facts, of_frames_say_rate_and_first_frame_or_that_there_are_none) {
  EXPECT_EQ(printed({{"spec", {{"dim", 8}, {"frame_rate", 12.5}, {"first_frame", 0.04}}}}),
            "spec: dim 8, 12.5 frames per second, the first at 0.04 s\n");
  EXPECT_EQ(printed({{"spec", {{"dim", 8}, {"frame_rate", 0.0}, {"first_frame", 0.0}}}}),
            "spec: dim 8, one vector for the whole clip\n");
}

TEST(Facts, of_codes_say_how_many_books_of_which_size) {
  Json spec{{"frame_rate", 50.0}, {"first_frame", 0.0}, {"bits_per_second", 1000.0}};
  spec["sizes"] = {1024, 1024};
  EXPECT_EQ(printed({{"code_spec", spec}}),
            "code_spec: 2 of 1024 codes, 50 frames per second, 1000 bits per second\n");
  spec["sizes"] = {1024, 512};
  EXPECT_EQ(printed({{"code_spec", spec}}),
            "code_spec: 1024, 512 codes, 50 frames per second, 1000 bits per second\n");
}

TEST(Facts, of_other_kinds_leave_out_what_is_false_or_zero) {
  EXPECT_EQ(printed({{"spec", {{"embedding_dim", 576}, {"context", 0}}}}),
            "spec: embedding_dim 576\n");
  EXPECT_EQ(printed({{"uses", {{"features", true}, {"seed", false}}}}), "uses: features\n");
  EXPECT_EQ(printed({{"uses", {{"features", false}}}}), "uses: nothing\n");
  EXPECT_EQ(printed({{"parameters", 79308864}}), "parameters: 79308864\n");
}

}  // namespace
}  // namespace earshot::host
