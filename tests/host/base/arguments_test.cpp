#include "host/base/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Syntax syntax() {
  Syntax result;
  result.command = "status";
  result.usage = "[EXPERIMENT] [CELL ...]";
  result.description = "Shows.";
  result.options.add_options()("failed", "only failed ones")(
      "jobs,j", program_options::value<int>(), "how many at once");
  add_results_option(result.options);
  result.positionals = {{"experiment", 1}, {"cells", -1}};
  result.examples = "  runner status ablation\n";
  return result;
}

std::string refusal(const std::vector<std::string>& arguments) {
  try {
    parse(syntax(), arguments);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), ExitCode::usage);
    return failure.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST(Arguments, gives_options_positionals_and_defaults_by_name) {
  const auto given = parse(syntax(), {"ablation", "-j", "4", "a", "--failed", "b"});
  ASSERT_TRUE(given.has_value());
  EXPECT_EQ(given->text("experiment"), "ablation");
  EXPECT_THAT(given->texts("cells"), ElementsAre("a", "b"));
  EXPECT_EQ(given->get<int>("jobs"), 4);
  EXPECT_TRUE(given->has("failed"));
  EXPECT_EQ(given->text("results"), "results/results.db");
}

TEST(Arguments, not_given_are_empty) {
  const auto given = parse(syntax(), {});
  ASSERT_TRUE(given.has_value());
  EXPECT_EQ(given->text("experiment"), "");
  EXPECT_TRUE(given->texts("cells").empty());
  EXPECT_FALSE(given->has("failed"));
}

TEST(Arguments, refuses_unknown_options_with_the_nearest_and_never_guesses) {
  EXPECT_EQ(refusal({"--faild"}),
            "runner status: unknown option '--faild'; did you mean "
            "'--failed'? see 'runner status --help'");
  EXPECT_THAT(refusal({"--fail"}), HasSubstr("unknown option '--fail'"));
}

TEST(Arguments, refuses_values_of_another_type) {
  EXPECT_THAT(refusal({"--jobs", "many"}), AllOf(HasSubstr("many"), HasSubstr("--jobs")));
  EXPECT_THAT(refusal({"--jobs"}), HasSubstr("--jobs"));
}

TEST(Arguments, refuses_more_positionals_than_it_has) {
  auto one = syntax();
  one.positionals = {{"experiment", 1}};
  EXPECT_THROW(parse(one, {"a", "b"}), Failure);
}

TEST(Arguments, prints_help_instead_of_running) {
  testing::internal::CaptureStdout();
  const auto given = parse(syntax(), {"ablation", "--help"});
  const auto text = testing::internal::GetCapturedStdout();
  EXPECT_FALSE(given.has_value());
  EXPECT_THAT(text, AllOf(HasSubstr("Usage: runner status [EXPERIMENT] [CELL ...] [options]"),
                          HasSubstr("how many at once"), HasSubstr("Examples:\n  runner status")));
}

}  // namespace
}  // namespace earshot::host
