#include <gmock/gmock.h>

#include <earshot/options.hpp>

namespace {

using earshot::ConfigError;
using earshot::Options;
using earshot::OptionSchema;
using earshot::OptionValue;
using testing::ThrowsMessage;

const OptionSchema schema = {
    {.name = "hop",
     .value = std::int64_t{160},
     .help = "Frame step",
     .unit = "samples",
     .min = 1,
     .max = 1000},
    {.name = "gain", .value = 0.5, .help = "Gain", .min = 0},
    {.name = "scale", .value = std::string("htk"), .help = "Scale", .choices = {"htk", "slaney"}},
    {.name = "bands", .value = std::vector<double>{1, 2}, .help = "Edges", .max = 10},
    {.name = "words", .value = std::vector<std::string>{}, .help = "Words", .choices = {"a", "b"}},
    {.name = "fast", .value = false, .help = "Fast"},
};

void expect(const std::map<std::string, OptionValue>& given, const std::string& message) {
  EXPECT_THAT([&] { Options(schema, given); }, ThrowsMessage<ConfigError>(message));
}

TEST(Options, fill_in_defaults_and_widen_integers_to_numbers) {
  const Options options(schema,
                        {{"gain", std::int64_t{2}}, {"words", std::vector<std::string>{"b"}}});
  EXPECT_EQ(options.integer("hop"), 160);
  EXPECT_EQ(options.number("gain"), 2.0);
  EXPECT_EQ(options.text("scale"), "htk");
  EXPECT_EQ(options.numbers("bands").size(), 2U);
  EXPECT_EQ(options.texts("words").front(), "b");
  EXPECT_FALSE(options.flag("fast"));
}

TEST(Options, say_what_is_wrong_and_what_is_allowed_in_the_words_of_the_host) {
  expect(
      {{"hops", std::int64_t{1}}},
      "unknown option 'hops'; did you mean 'hop'? Options: hop, gain, scale, bands, words, fast.");
  expect({{"a'\n", 0.5}},
         "unknown option 'a\\'\\n'. Options: hop, gain, scale, bands, words, fast.");
  expect({{"threshold", 0.5}},
         "unknown option 'threshold'. Options: hop, gain, scale, bands, words, fast.");
  expect({{"hop", std::int64_t{0}}}, "option 'hop' is 0; allowed: 1 to 1000 samples.");
  expect({{"gain", -0.5}}, "option 'gain' is -0.5; allowed: 0 or more.");
  expect({{"hop", 1.0}}, "option 'hop' is 1.0; expected an integer.");
  expect({{"gain", -0.0001}}, "option 'gain' is -0.0001; allowed: 0 or more.");
  expect({{"fast", std::string("\"yes\"\n")}},
         "option 'fast' is \"\\\"yes\\\"\\n\"; expected true or false.");
  expect({{"scale", std::string("mel")}}, "option 'scale' is \"mel\"; allowed: 'htk', 'slaney'.");
  expect({{"scale", earshot::Path{"/x"}}}, "option 'scale' is \"/x\"; expected a string.");
  expect({{"bands", std::vector<double>{1, 11}}},
         "option 'bands' is [1.0,11.0]; allowed: 10 or less.");
  expect({{"words", std::vector<std::string>{"a", "c"}}},
         "option 'words' is [\"a\",\"c\"]; allowed: 'a', 'b'.");
  EXPECT_THAT(
      [] {
        Options({}, {{"x", true}});
      },
      ThrowsMessage<ConfigError>("unknown option 'x'. It has no options."));
}

TEST(Options, ask_for_what_is_required) {
  const OptionSchema required = {
      {.name = "root", .value = earshot::Path{}, .help = "Where it is", .required = true}};
  EXPECT_THAT([&] { Options{required}; },
              ThrowsMessage<ConfigError>("option 'root' is required: Where it is."));
  EXPECT_EQ(Options(required, {{"root", earshot::Path{"/x"}}}).path("root"), "/x");
}

TEST(Options, refuse_a_key_or_type_that_the_schema_lacks) {
  const Options options(schema);
  EXPECT_THROW(options.integer("gain"), std::logic_error);
  EXPECT_THROW(options.integer("nothing"), std::logic_error);
}

TEST(Weights, without_a_file_are_random) {
  EXPECT_TRUE((earshot::Weights{.source = "random"}.random()));
  EXPECT_FALSE((earshot::Weights{.source = "x", .path = "/x"}.random()));
}

}  // namespace
