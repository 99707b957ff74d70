#include <gmock/gmock.h>

#include "commands.hpp"
#include "files.hpp"
#include "host/experiment/claims.hpp"
#include "host/report/page.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Reports on the experiment of Commands, which declares no claims.
class ReportCommand : public Commands {
 protected:
  ReportCommand() {
    plan.experiment.resolved["claims"] = to_record(Claims{});
    Store store(file, Store::Mode::write);
    record(store, plan);
  }

  std::string to() const { return (folder / "report.html").string(); }
};

TEST_F(ReportCommand, needs_an_experiment_and_a_file) {
  EXPECT_THAT(usage_of(report_command, {"--to", to()}), HasSubstr("EXPERIMENT is missing"));
  EXPECT_THAT(usage_of(report_command, {"ablation"}), HasSubstr("--to is missing"));
  EXPECT_THAT(usage_of(report_command, {"ablatio", "--to", to()}), HasSubstr("'ablation'"));
}

TEST_F(ReportCommand, replaces_an_earlier_report_but_no_other_file) {
  std::ofstream(to()) << "my thesis";
  EXPECT_THAT(usage_of(report_command, {"ablation", "--to", to()}),
              HasSubstr("exists and is not a report"));
  EXPECT_EQ(earshot::testing::text_of(to()), "my thesis");
  std::filesystem::remove(to());
  if (page_template.empty()) {
    EXPECT_THAT(usage_of(report_command, {"ablation", "--to", to()}), HasSubstr("node-d3"));
    GTEST_SKIP() << "built without D3 (Debian's package node-d3)";
  }
  EXPECT_THAT(run(report_command, {"ablation", "--to", to()}),
              AllOf(HasSubstr("wrote " + to()), HasSubstr("KiB")));
  const auto page = earshot::testing::text_of(to());
  EXPECT_THAT(page, AllOf(HasSubstr("Does a codec keep"), HasSubstr("mimi: bad weights")));
  run(report_command, {"ablation", "--to", to()});
  EXPECT_EQ(earshot::testing::text_of(to()), page);  // the same results give the same page
}

}  // namespace
}  // namespace earshot::host
