#include <gmock/gmock.h>

#include "worker/plugin/library.hpp"

namespace earshot::worker {
namespace {

using protocol::Json;
using ::testing::HasSubstr;

const OptionSchema every_type{
    {.name = "flag", .value = true, .help = "A flag"},
    {.name = "integer", .value = std::int64_t{3}, .help = "An integer", .min = 1, .max = 10},
    {.name = "number", .value = 0.5, .help = "A number", .unit = "s"},
    {.name = "text", .value = std::string("a"), .help = "A text", .choices = {"a", "b"}},
    {.name = "path", .value = Path{"/data"}, .help = "A path"},
    {.name = "weights", .value = Weights{"random", {}}, .help = "Weights"},
    {.name = "numbers", .value = std::vector<double>{1, 2}, .help = "Numbers"},
    {.name = "texts", .value = std::vector<std::string>{"x"}, .help = "Texts"}};

protocol::ComponentInfo described() {
  return describe(Component{.kind = "encoder", .name = "it", .options = every_type});
}

TEST(Options, travel_as_json_and_come_back_as_they_were) {
  const auto schema = described().options;
  const auto options = to_options(every_type, protocol::complete(schema, {}, "it", "/"));
  EXPECT_EQ(options.flag("flag"), true);
  EXPECT_EQ(options.integer("integer"), 3);
  EXPECT_EQ(options.number("number"), 0.5);
  EXPECT_EQ(options.text("text"), "a");
  EXPECT_EQ(options.path("path"), "/data");
  EXPECT_TRUE(options.weights("weights").random());
  EXPECT_EQ(options.numbers("numbers"), (std::vector<double>{1, 2}));
  EXPECT_EQ(options.texts("texts"), std::vector<std::string>{"x"});
}

TEST(Options, are_described_with_type_bounds_and_choices) {
  const auto schema = described().options;
  EXPECT_EQ(schema[1].type, protocol::OptionType::integer);
  EXPECT_EQ(schema[1].min.value(), 1.0);
  EXPECT_EQ(protocol::allowed(schema[1]), "1 to 10");
  EXPECT_FALSE(schema[2].max.has_value());
  EXPECT_EQ(schema[3].choices, (std::vector<std::string>{"a", "b"}));
}

TEST(Options, take_weights_with_their_source_and_place) {
  const auto options =
      to_options(every_type, {{"weights", {{"source", "hf://a/b"}, {"path", "/cache/b"}}}});
  EXPECT_EQ(options.weights("weights").source, "hf://a/b");
  EXPECT_EQ(options.weights("weights").path, "/cache/b");
}

TEST(Options, are_refused_in_the_same_words_by_the_host_and_by_a_plugin_tested_alone) {
  const auto in_host = [](const Json& given) -> std::string {
    try {
      protocol::complete(described().options, given, "it", "/");
    } catch (const protocol::OptionError& error) {
      const std::string message = error.what(), of = " of it";
      const auto at = message.find(of);
      return message.substr(0, at) + message.substr(at + of.size());
    }
    return "accepted";
  };
  const auto alone = [](const std::map<std::string, OptionValue>& given) -> std::string {
    try {
      Options(every_type, given);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(in_host({{"integr", 3}}), alone({{"integr", std::int64_t{3}}}));
  EXPECT_EQ(in_host({{"colour", "red"}}), alone({{"colour", std::string("red")}}));
  EXPECT_EQ(in_host({{"integer", 11}}), alone({{"integer", std::int64_t{11}}}));
  EXPECT_EQ(in_host({{"integer", 2.0}}), alone({{"integer", 2.0}}));
  EXPECT_EQ(in_host({{"text", "\"c\""}}), alone({{"text", std::string("\"c\"")}}));
  EXPECT_EQ(in_host({{"texts", {1.5, 2.0}}}), alone({{"texts", std::vector<double>{1.5, 2}}}));
  EXPECT_EQ(in_host({{"flag", {"a", "b"}}}), alone({{"flag", std::vector<std::string>{"a", "b"}}}));
}

TEST(Options, refuse_a_value_of_another_type_and_an_unknown_key) {
  try {
    to_options(every_type, {{"integer", "three"}});
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "option 'integer' is \"three\"; expected an integer.");
  }
  EXPECT_THROW(to_options(every_type, {{"integr", 3}}), ConfigError);
  EXPECT_THROW(to_options(every_type, {{"integer", 11}}), ConfigError);
}

}  // namespace
}  // namespace earshot::worker
