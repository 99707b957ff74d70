#include "protocol/json.hpp"

#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

namespace earshot::protocol {
namespace {

TEST(CanonicalJson, sorts_keys_and_writes_the_shortest_number_that_reads_back) {
  EXPECT_EQ(canonical({{"z", 0.1}, {"a", {1, 2.5, "x"}}, {"m", nullptr}}),
            R"({"a":[1,2.5,"x"],"m":null,"z":0.1})");
}

TEST(CanonicalJson, tells_an_integer_from_a_number) {
  EXPECT_EQ(canonical(Json(1)), "1");
  EXPECT_EQ(canonical(Json(1.0)), "1.0");
}

TEST(CanonicalJson, refuses_numbers_that_are_not_finite) {
  EXPECT_THROW(canonical({{"a", {1.0, std::numeric_limits<double>::quiet_NaN()}}}),
               std::invalid_argument);
  EXPECT_THROW(canonical(Json(std::numeric_limits<double>::infinity())), std::invalid_argument);
}

// Regression: a text from a plugin or a command line that is not UTF-8 ended commands with
// "[json.exception.type_error.316]".
TEST(JsonText, shows_texts_that_are_not_utf8) {
  EXPECT_EQ(json_text({{"caf\xE9", "\xff\n"}}), "{\"caf\xEF\xBF\xBD\":\"\xEF\xBF\xBD\\n\"}");
  EXPECT_EQ(json_text(Json{1, 2.5}, 2), "[\n  1,\n  2.5\n]");
}

}  // namespace
}  // namespace earshot::protocol
