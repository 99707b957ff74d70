#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Complete, shows_tokens_with_the_dialogue_around_them_the_loss_and_what_follows) {
  const Sandbox sandbox;
  const auto complete = [&](std::vector<std::string> words) {
    std::vector<std::string> all{"complete", "llama",       "--option",     "weights=random",
                                 "--option", "preset=tiny", "--max-tokens", "4"};
    all.insert(all.end(), words.begin(), words.end());
    return sandbox.command(all);
  };
  const auto plain = complete({"ab", "--answer", "c"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.out, AllOf(HasSubstr("prompt: 2 of"), HasSubstr("97\t\"a\""),
                               HasSubstr("tokens of the answer (2)"), HasSubstr("<|endoftext|>"),
                               HasSubstr("loss of the answer: "), HasSubstr("continuation:")));
  const auto chat = complete({"ab", "--option", "chat=chatml"});
  EXPECT_THAT(chat.out,
              HasSubstr(R"(reads: "<|im_start|>user\nab<|im_end|>\n<|im_start|>assistant\n")"));
  const auto json = complete({"ab", "--answer", "c", "--json"});
  EXPECT_THAT(json.out,
              AllOf(HasSubstr("\"tokens\":[[97,\"a\"],[98,\"b\"]]"), HasSubstr("\"counted\":2")));
  EXPECT_EQ(complete({"ab", "--temperature", "-1"}).code, 2);
  EXPECT_EQ(complete({}).code, 2);
  EXPECT_EQ(sandbox.command({"complete", "lama", "x"}).code, 2);
}

}  // namespace
}  // namespace earshot::testing
