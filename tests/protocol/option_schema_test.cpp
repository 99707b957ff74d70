#include "protocol/option_schema.hpp"

#include <limits>

#include <gmock/gmock.h>

namespace earshot::protocol {
namespace {

OptionSchema schema() {
  return {
      {.name = "mels",
       .type = OptionType::integer,
       .value = 64,
       .help = "Bands",
       .min = 1.0,
       .max = 512.0},
      {.name = "hop", .type = OptionType::number, .value = 10.0, .unit = "ms", .min = 0.5},
      {.name = "window", .type = OptionType::text, .value = "hann", .choices = {"hann", "hamming"}},
      {.name = "root", .type = OptionType::path, .value = "", .help = "Folder", .required = true},
      {.name = "weights",
       .type = OptionType::weights,
       .value = {{"source", "random"}, {"path", ""}}},
      {.name = "bands", .type = OptionType::numbers, .value = {300.0, 3400.0}}};
}

std::string refusal(const Json& given, std::string* key = nullptr) {
  try {
    complete(schema(), given, "spectral/log_mel", "/data");
  } catch (const OptionError& error) {
    if (key != nullptr) *key = error.key;
    return error.what();
  }
  return "accepted";
}

TEST(OptionSchema, completes_what_was_not_given) {
  EXPECT_EQ(complete(schema(), {{"root", "esc10"}, {"hop", 5}}, "spectral/log_mel", "/data"),
            (Json{{"mels", 64},
                  {"hop", 5.0},
                  {"window", "hann"},
                  {"root", "/data/esc10"},
                  {"weights", {{"source", "random"}, {"path", ""}}},
                  {"bands", {300.0, 3400.0}}}));
}

TEST(OptionSchema, widens_an_integer_to_a_number_and_nothing_else) {
  EXPECT_TRUE(
      complete(schema(), {{"root", "/r"}, {"hop", 5}}, "x", "/").at("hop").is_number_float());
  EXPECT_EQ(refusal({{"root", "/r"}, {"mels", 64.0}}),
            "option 'mels' of spectral/log_mel is 64.0; expected an integer.");
  EXPECT_EQ(refusal({{"root", "/r"}, {"bands", {1, "two"}}}),
            "option 'bands' of spectral/log_mel is [1,\"two\"]; expected a list of numbers.");
}

TEST(OptionSchema, names_the_nearest_option) {
  std::string key;
  EXPECT_EQ(refusal({{"root", "/r"}, {"mel", 64}}, &key),
            "unknown option 'mel' of spectral/log_mel; did you mean 'mels'? "
            "Options: mels, hop, window, root, weights, bands.");
  EXPECT_EQ(key, "mel");
}

TEST(OptionSchema, says_what_is_allowed) {
  EXPECT_EQ(refusal({{"root", "/r"}, {"mels", 4096}}),
            "option 'mels' of spectral/log_mel is 4096; allowed: 1 to 512.");
  EXPECT_EQ(refusal({{"root", "/r"}, {"hop", 0.25}}),
            "option 'hop' of spectral/log_mel is 0.25; allowed: 0.5 ms or more.");
  EXPECT_EQ(refusal({{"root", "/r"}, {"window", "kaiser"}}),
            "option 'window' of spectral/log_mel is \"kaiser\"; allowed: 'hann', 'hamming'.");
}

TEST(OptionSchema, shows_values_as_the_sdk_does) {
  for (const double number :
       {0.0, -0.0, 1.0, 0.1, 1e-4, 1e-5, 123456.789, 1e14, 1e15, 1e300, 5e-324})
    EXPECT_EQ(shared::json_text(number), Json(number).dump());
  for (const std::string text : {"", "it's", "a \"b\" \\ \b\f\n\r\t\x1b \x7f \xC3\xA9"})
    EXPECT_EQ(shared::json_text(text), Json(text).dump());
  EXPECT_EQ(refusal({{"root", "/r"}, {"hop", -std::numeric_limits<double>::infinity()}}),
            "option 'hop' of spectral/log_mel is -inf; allowed: 0.5 ms or more.");
}

// Regression: it threw another error, which named neither the option nor what is allowed.
TEST(OptionSchema, refuses_a_choice_that_is_not_utf8) {
  EXPECT_EQ(refusal({{"root", "/r"}, {"window", "h\xE4nn"}}),
            "option 'window' of spectral/log_mel is \"h\xEF\xBF\xBDnn\"; allowed: 'hann', "
            "'hamming'.");
}

TEST(OptionSchema, asks_for_what_is_required) {
  EXPECT_EQ(refusal(Json::object()), "option 'root' of spectral/log_mel is required: Folder.");
}

TEST(OptionSchema, keeps_a_path_that_is_absolute_or_empty) {
  EXPECT_EQ(complete(schema(), {{"root", "/r/a"}}, "x", "/data").at("root"), "/r/a");
  EXPECT_EQ(complete(schema(), {{"root", ""}}, "x", "/data").at("root"), "");
  EXPECT_EQ(complete(schema(), {{"root", "../r"}}, "x", "/data").at("root"), "/r");
}

TEST(OptionSchema, has_a_name_for_each_type) {
  for (const auto& facts : shared::option_types) {
    EXPECT_EQ(Json(facts.type), facts.name);
    EXPECT_EQ(Json(facts.name).get<OptionType>(), facts.type);
  }
  EXPECT_THROW(Json("colour").get<OptionType>(), std::invalid_argument);
}

TEST(OptionSchema, survives_a_round_trip_through_json) {
  const auto there_and_back = Json(schema()).get<OptionSchema>();
  EXPECT_EQ(Json(there_and_back), Json(schema()));
}

}  // namespace
}  // namespace earshot::protocol
