#include "host/weights/licence.hpp"

#include <gtest/gtest.h>

#include "host/base/plain_text.hpp"

namespace earshot::host {
namespace {

using protocol::Json;

TEST(Licence, of_a_model_card_is_read_from_the_hubs_answer) {
  EXPECT_EQ(licence_of_model(Json::parse(R"({"cardData": {"license": "cc-by-4.0"}})")),
            "cc-by-4.0");
  EXPECT_EQ(licence_of_model(Json::parse(R"({"cardData": {"license": ["mit", "apache-2.0"]}})")),
            "mit, apache-2.0");
  EXPECT_EQ(
      licence_of_model(Json::parse(R"({"cardData": {"license": "other", "license_name": "own"}})")),
      "own");
  EXPECT_EQ(licence_of_model(Json::parse(R"({"cardData": null, "tags": ["x", "license:mit"]})")),
            "mit");
  EXPECT_EQ(licence_of_model(Json::parse(R"({"cardData": {"license": 3}, "tags": 1})")), "");
}

TEST(Licence, is_shown_without_what_would_command_the_terminal) {
  const std::string expected = plain_text("mit\x1b[2J");
  ASSERT_EQ(expected.find('\x1b'), std::string::npos);
  EXPECT_EQ(licence_of_model({{"cardData", {{"license", "mit\x1b[2J"}}}}), expected);
  EXPECT_EQ(licence_of_model({{"tags", {"license:mit\x1b[2J"}}}), expected);
  EXPECT_EQ(licence_of_readme("---\nlicense: mit\x1b[2J\n---\n"), expected);
}

TEST(Licence, of_a_readme_is_in_its_front_matter) {
  EXPECT_EQ(licence_of_readme("---\nlanguage: en\nlicense: cc-by-4.0\n---\n# Mimi\n"), "cc-by-4.0");
  EXPECT_EQ(licence_of_readme("---\r\nlicense: \"mit\"\r\n---\r\n"), "mit");
  EXPECT_EQ(licence_of_readme("---\nlicense:\n- mit\n- bsd\ntags:\n- audio\n---\n"), "mit, bsd");
  EXPECT_EQ(licence_of_readme("---\nlicense: other\nlicense_name: ms-pl\n---\n"), "ms-pl");
  EXPECT_EQ(licence_of_readme("# Mimi\nlicense: mit\n"), "");
  EXPECT_EQ(licence_of_readme("---\ntitle: x\n---\nlicense: mit\n"), "");
  EXPECT_EQ(licence_of_readme(""), "");
}

}  // namespace
}  // namespace earshot::host
