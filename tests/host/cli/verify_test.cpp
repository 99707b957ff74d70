#include <gmock/gmock.h>

#include "commands.hpp"
#include "files.hpp"
#include "host/experiment/claims.hpp"
#include "host/report/page.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A report on the experiment of Commands.
class VerifyCommand : public Commands {
 protected:
  VerifyCommand() {
    plan.experiment.resolved["claims"] = to_record(Claims{});
    Store store(file, Store::Mode::write);
    record(store, plan);
  }

  void SetUp() override {
    if (page_template.empty()) GTEST_SKIP() << "built without D3 (Debian's package node-d3)";
    run(report_command, {"ablation", "--to", page()});
  }

  std::string page() const { return (folder / "report.html").string(); }

  /// What it prints if it finds differences.
  std::string differences() const {
    std::ostringstream text;
    auto* const before = std::cout.rdbuf(text.rdbuf());
    const auto code =
        verify_command.run({page(), "--results", file.string(), "--differences", "1000"});
    std::cout.rdbuf(before);
    EXPECT_EQ(code, ExitCode::cells_not_ok);
    return text.str();
  }

  void edit(const std::string& from, const std::string& to) const {
    auto text = earshot::testing::text_of(page());
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    std::ofstream(page()) << text.replace(at, from.size(), to);
  }
};

TEST_F(VerifyCommand, a_page_says_what_the_results_say_until_one_of_them_changes) {
  EXPECT_THAT(run(verify_command, {page()}), HasSubstr("says what the results say"));
  {
    Store store(file, Store::Mode::write);
    run_cell(store, plan.cells[10].key, ok_run(0.75));
  }
  EXPECT_THAT(differences(), AllOf(HasSubstr("states, ok: the page says 10, the results 11"),
                                   HasSubstr("The page does not say what the results say.")));
}

TEST_F(VerifyCommand, a_number_that_was_changed_in_the_page_is_found) {
  edit("\"ok\":10", "\"ok\":12");
  EXPECT_THAT(differences(), HasSubstr("ok: the page says 12, the results 10"));
}

TEST_F(VerifyCommand, a_sentence_that_was_added_around_the_data_is_found) {
  edit("<main", "<h1>We won</h1><main");
  EXPECT_THAT(differences(), HasSubstr("the page around the data was edited"));
}

TEST_F(VerifyCommand, refuses_other_files_and_results_without_the_experiment) {
  EXPECT_THAT(usage_of(verify_command, {}), HasSubstr("REPORT.html is missing"));
  EXPECT_THAT(usage_of(verify_command, {(folder / "none.html").string()}),
              HasSubstr("cannot be read"));
  EXPECT_THAT(usage_of(verify_command, {file.string()}), HasSubstr("not a page"));
  edit("\"name\":\"ablation\"", "\"name\":\"ablatiom\"");
  EXPECT_THAT(usage_of(verify_command, {page()}), HasSubstr("'ablation'"));
}

}  // namespace
}  // namespace earshot::host
