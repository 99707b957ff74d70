#include "protocol/path_text.hpp"

#include <set>

#include <gtest/gtest.h>

#include "protocol/frame.hpp"

namespace earshot::protocol {
namespace {

TEST(PathText, gives_every_byte_back_alone_and_beside_every_other) {
  std::set<std::string> texts;
  for (int first = 0; first < 256; ++first)
    for (int second = -1; second < 256; ++second) {
      std::string bytes(1, static_cast<char>(first));
      if (second >= 0) bytes += static_cast<char>(second);
      const auto text = text_of(bytes);
      EXPECT_TRUE(is_utf8(text)) << first << ' ' << second;
      EXPECT_EQ(bytes_of(text), bytes) << first << ' ' << second;
      EXPECT_TRUE(texts.insert(text).second) << text << " is the text of two names";
      EXPECT_EQ(Json::parse(Json(text).dump()).get<std::string>(), text);
    }
}

TEST(PathText, leaves_names_that_are_utf8_as_they_are) {
  for (const std::string name : {"a/b.wav", "café.wav", "日本語.flac", "new\nline", "100%.wav",
                                 "back\\slash", "\\xe9 in small digits", "😀", "e\u0301"})
    EXPECT_EQ(text_of(name), name);
}

TEST(PathText, writes_other_bytes_as_hexadecimal_and_tells_them_from_what_looks_so) {
  EXPECT_EQ(text_of("caf\xe9.wav"), "caf\\xE9.wav");
  EXPECT_EQ(text_of("caf\\xE9.wav"), "caf\\x5CxE9.wav");
  EXPECT_EQ(text_of("\xc0\x80"), "\\xC0\\x80") << "overlong";
  EXPECT_EQ(text_of("\xed\xa0\x80"), "\\xED\\xA0\\x80") << "a surrogate";
  EXPECT_EQ(text_of("\xf4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80") << "above U+10FFFF";
  EXPECT_EQ(text_of("cut \xe2\x82"), "cut \\xE2\\x82");
}

TEST(PathText, takes_what_json_takes_for_utf8) {
  std::string bytes(4, '\0');
  for (int first = 0x7f; first < 256; ++first)
    for (const int second : {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0})
      for (const int rest : {0x41, 0x80, 0xbf}) {
        bytes = {static_cast<char>(first), static_cast<char>(second), static_cast<char>(rest),
                 static_cast<char>(rest)};
        bool valid = true;
        try {
          Json(bytes).dump();
        } catch (const Json::type_error&) {
          valid = false;
        }
        EXPECT_EQ(is_utf8(bytes), valid) << first << ' ' << second << ' ' << rest;
      }
}

TEST(PathText, is_how_frames_carry_bytes_that_are_no_utf8) {
  FrameReader reader;
  reader.feed(to_frame({{{"file", "caf\xe9.wav"}, {"plain", "\\xE9"}, {"list", {{"\xff", 1}}}}}));
  const auto header = reader.next()->header;
  EXPECT_EQ(header.at("file"), "caf\\xE9.wav");
  EXPECT_EQ(header.at("plain"), "\\xE9") << "what is UTF-8 arrives as it was sent";
  EXPECT_EQ(header.at("list").dump(), R"({"\\xFF":1})");
}

}  // namespace
}  // namespace earshot::protocol
