#include "protocol/option_text.hpp"

#include <gmock/gmock.h>

namespace earshot::protocol {
namespace {

TEST(OptionText, is_read_as_its_option_is_meant) {
  const OptionSchema schema{{.name = "mels", .type = OptionType::integer},
                            {.name = "centre", .type = OptionType::flag},
                            {.name = "bands", .type = OptionType::numbers},
                            {.name = "target", .type = OptionType::text},
                            {.name = "root", .type = OptionType::path}};
  EXPECT_EQ(typed(schema, {{"mels", "64"},
                           {"centre", "false"},
                           {"bands", "[300, 3400]"},
                           {"target", "5"},
                           {"root", "true"}}),
            (Json{{"mels", 64},
                  {"centre", false},
                  {"bands", {300, 3400}},
                  {"target", "5"},
                  {"root", "true"}}));
}

TEST(OptionText, that_says_nothing_stays_to_be_refused) {
  const OptionSchema schema{{.name = "mels", .type = OptionType::integer}};
  EXPECT_EQ(typed(schema, {{"mels", "many"}, {"mesl", "64"}}),
            (Json{{"mels", "many"}, {"mesl", "64"}}));
}

}  // namespace
}  // namespace earshot::protocol
