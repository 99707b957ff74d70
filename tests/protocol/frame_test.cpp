#include "protocol/frame.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <unistd.h>

namespace earshot::protocol {
namespace {

Message sample(int number) {
  return {{{"type", "progress"}, {"id", number}}, std::string("\0raw\xff", 5)};
}

TEST(FrameReader, puts_messages_together_from_single_bytes) {
  const auto bytes = to_frame(sample(1)) + to_frame(sample(2));
  FrameReader reader;
  std::vector<Message> messages;
  for (const char byte : bytes) {
    reader.feed({&byte, 1});
    while (auto message = reader.next())
      messages.push_back(std::move(*message));
  }
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].header, sample(1).header);
  EXPECT_EQ(messages[1].header.at("id"), 2);
  EXPECT_EQ(messages[1].binary, sample(2).binary);
  EXPECT_FALSE(reader.inside_frame());
}

TEST(FrameReader, brings_numbers_that_are_not_finite_through) {
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  const Message sent{{{"type", "curve"},
                      {"points", {{0, std::nan("")}, {1, infinity}, {2, -infinity}, {3, 0.1}}},
                      {"marks", {{"a", -infinity}, {"b", nullptr}, {"c", "nan"}}}}};
  FrameReader reader;
  reader.feed(to_frame(sent));
  const auto header = reader.next()->header;
  EXPECT_TRUE(std::isnan(header.at("points")[0][1].get<double>()));
  EXPECT_EQ(header.at("points")[1][1].get<double>(), infinity);
  EXPECT_EQ(header.at("points")[2][1].get<double>(), -infinity);
  EXPECT_EQ(header.at("points")[3][1].get<double>(), 0.1);
  EXPECT_EQ(header.at("marks").at("a").get<double>(), -infinity);
  EXPECT_TRUE(header.at("marks").at("b").is_null());
  EXPECT_EQ(header.at("marks").at("c"), "nan");
}

TEST(FrameReader, refuses_a_frame_larger_than_allowed_before_it_has_arrived) {
  FrameReader reader;
  EXPECT_THROW(reader.feed(std::string("\xff\xff\xff\x7f\x02\x00\x00\x00", 8)), ProtocolError);
}

TEST(FrameReader, refuses_a_header_longer_than_its_frame) {
  FrameReader reader;
  EXPECT_THROW(reader.feed(std::string("\x02\x00\x00\x00\x03\x00\x00\x00{}", 10)), ProtocolError);
}

TEST(FrameReader, refuses_a_header_that_is_no_json_object) {
  for (const std::string header : {"[]", "{", "17", ""}) {
    auto frame = to_frame({Json::object(), ""});
    frame = std::string{static_cast<char>(header.size()), 0, 0, 0,
                        static_cast<char>(header.size()), 0, 0, 0} +
            header;
    FrameReader reader;
    EXPECT_THROW(reader.feed(frame), ProtocolError) << header;
  }
}

TEST(FrameReader, refuses_a_header_that_is_nested_too_deep_for_those_who_copy_it) {
  const auto header = [](std::size_t depth, char open, char close) {
    return "{\"type\":\"[[[\\\"[[[\",\"x\":" + std::string(depth, open) +
           std::string(depth, close) + "}";
  };
  const auto framed = [](const std::string& text) {
    std::string frame;
    for (int i = 0; i < 2; ++i)
      for (int shift = 0; shift < 32; shift += 8)
        frame += static_cast<char>(text.size() >> shift & 255);
    return frame + text;
  };
  FrameReader reader;
  reader.feed(framed(header(99, '[', ']')));
  EXPECT_TRUE(reader.next());
  for (const std::size_t depth : {100, 1'000'000}) {
    FrameReader other;
    EXPECT_THROW(other.feed(framed(header(depth, '[', ']'))), ProtocolError) << depth;
  }
}

TEST(FrameReader, counts_no_brackets_inside_texts) {
  FrameReader reader;
  reader.feed(to_frame({{{"message", std::string(1000, '[') + "\"\\"}}, ""}));
  EXPECT_TRUE(reader.next());
}

TEST(Frame, refuses_a_message_larger_than_allowed) {
  EXPECT_THROW(to_frame({Json::object(), std::string(max_frame_bytes, 'x')}), ProtocolError);
}

TEST(Frame, carries_text_that_is_no_utf8_without_throwing) {
  FrameReader reader;
  reader.feed(to_frame({{{"message", "caf\xe9"}}, ""}));
  EXPECT_EQ(reader.next()->header.at("message"), "caf\\xE9");
}

class ChannelPair : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::pipe(pipe_.data()), 0); }
  void TearDown() override {
    for (const int fd : pipe_)
      if (fd >= 0) ::close(fd);
  }
  void close_writer() { ::close(std::exchange(pipe_[1], -1)); }
  std::array<int, 2> pipe_{};
};

TEST_F(ChannelPair, delivers_a_message_larger_than_the_pipe) {
  const std::string large(3 << 20, 'a');
  Channel channel(pipe_[0], pipe_[1]);
  std::thread writer([&] { Channel(-1, pipe_[1]).send({{{"type", "big"}}, large}); });
  const auto message = channel.receive();
  writer.join();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->binary.size(), large.size());
}

TEST_F(ChannelPair, ends_without_a_message_when_the_other_side_closes_between_frames) {
  close_writer();
  EXPECT_FALSE(Channel(pipe_[0], -1).receive());
}

TEST_F(ChannelPair, reports_a_connection_that_ended_inside_a_frame) {
  ASSERT_EQ(::write(pipe_[1], "\x08\0\0\0", 4), 4);
  close_writer();
  EXPECT_THROW(Channel(pipe_[0], -1).receive(), ProtocolError);
}

}  // namespace
}  // namespace earshot::protocol
