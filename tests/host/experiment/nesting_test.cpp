#include <gmock/gmock.h>

#include "host/experiment/source.hpp"
#include "support.hpp"

namespace earshot::host {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string repeated(int times, const std::string& text) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += text;
  return all;
}

// Regression: a key of 40,000 parts ended the program.
TEST(Nesting, of_a_key_of_many_parts_is_refused_with_its_place) {
  for (const int parts : {40, 40000, 200000}) {
    const auto dots = repeated(parts - 1, "a.") + "a";
    EXPECT_THAT(refusal([&] { parse("[statistics]\n" + dots + " = 1\n"); }),
                StartsWith("x.toml:2:64: a key of more than 32 parts"));
    EXPECT_THAT(refusal([&] { parse("[" + dots + "]\n"); }), HasSubstr("more than 32 parts"));
    EXPECT_THAT(refusal([&] { parse("[[" + dots + "]]\n"); }), HasSubstr("more than 32 parts"));
    EXPECT_THAT(refusal([&] { parse("a = { " + dots + " = 1 }\n"); }),
                HasSubstr("more than 32 parts"));
    EXPECT_THAT(refusal([&] { parse("'a'. \"b\" . " + dots + " = 1\n"); }),
                HasSubstr("more than 32 parts"));
  }
  EXPECT_THAT(refusal([] { parse(small(""), {.set = {repeated(40000, "a.") + "a=1"}}); }),
              HasSubstr("more than 32 parts"));
}

TEST(Nesting, of_many_brackets_is_refused) {
  for (const int levels : {33, 300, 100000}) {
    EXPECT_THAT(refusal([&] { parse("a = " + repeated(levels, "[")); }),
                HasSubstr("brackets nested more than 32 deep"));
    EXPECT_THAT(refusal([&] { parse("a = " + repeated(levels, "{ a = ")); }),
                HasSubstr("brackets nested more than 32 deep"));
    EXPECT_THAT(refusal([&] { parse("a = " + repeated(levels, "[\n# ]\n'''\n]'''\n,\"]\",")); }),
                HasSubstr("brackets nested more than 32 deep"));
  }
}

TEST(Nesting, is_not_seen_in_strings_comments_and_numbers) {
  const auto dots = repeated(100, ".");
  const auto brackets = repeated(100, "[{");
  std::string numbers;
  for (int i = 0; i < 100; ++i)
    numbers += "1.5, ";
  const auto root = parse_toml("# " + dots + brackets + "\na = '" + dots + brackets +
                                   "'\nb = \"\\\"" + dots + brackets + "\"\nc = '''\n'" + dots +
                                   brackets + "\n''''\nd = \"\"\"\n\\\"\"\" " + dots + brackets +
                                   "\\\n \"\"\"\ne = [" + numbers + "]\n",
                               "x.toml");
  EXPECT_EQ(root.children.size(), 5u);
}

// Regression: files that extend each other twice took exponential time to read.
TEST(Nesting, of_extends_in_a_chain_that_doubles_is_read_once_for_each_file) {
  Files files{{"x.toml", "[experiment]\nextends = ['e0.toml', 'e0.toml']\n"}};
  for (int i = 0; i < 40; ++i) {
    const auto next = "e" + std::to_string(i + 1) + ".toml";
    files["e" + std::to_string(i) + ".toml"] =
        "[experiment]\nextends = ['" + next + "', '" + next + "']\n";
  }
  files["e40.toml"] = small("encoder = ['mel']\ntask = ['room']\n");
  EXPECT_EQ(parse(files).name, "small");
}

}  // namespace
}  // namespace earshot::host
