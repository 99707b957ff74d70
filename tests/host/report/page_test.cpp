#include "host/report/page.hpp"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>

#include "browser.hpp"
#include "temporary_folder.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Texts that break pages which insert them as markup.
const std::vector<std::string> hostile{
    "<script>document.documentElement.dataset.error = 'ran'</script>",
    "\"'><img src=x onerror=\"document.documentElement.dataset.error = 'ran'\">",
    "</script><!-- &lt; ",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    std::string(10'000, 'x'),
    "\u2028\u2029",
};

/// A page with every section, whose names are hostile.
PageData hostile_data() {
  ReportedExperiment experiment{.name = hostile[0], .question = hostile[1], .file = hostile[2]};
  experiment.source = hostile[2] + hostile[0];
  for (const auto& text : hostile) {
    const auto index = experiment.rows.size();
    experiment.rows.push_back({.label = text, .encoder = text});
    experiment.columns.push_back({.label = text, .task = text, .metric = text});
    ReportedDifference difference{.label = text,
                                  .role = "part",
                                  .base = text,
                                  .candidate = text,
                                  .metric = text,
                                  .delta = 0.1,
                                  .low = -0.1,
                                  .high = 0.3,
                                  .p = 0.2,
                                  .note = text};
    experiment.comparison.lines.push_back(difference);
    experiment.claims.push_back({.name = text,
                                 .claim = text,
                                 .verdict = "undecided",
                                 .sentence = text,
                                 .base = text,
                                 .candidate = text,
                                 .margin = 0.05,
                                 .differences = {difference}});
    experiment.scores.push_back({.row = index,
                                 .column = 0,
                                 .value = 0.1 * double(index),
                                 .lowest = 0,
                                 .highest = 1,
                                 .n = 10,
                                 .seeds = 1,
                                 .finished = 1,
                                 .planned = 2,
                                 .standing = "tied",
                                 .from_best = difference,
                                 .state = "failed",
                                 .reason = text});
    experiment.slices.push_back({.row = index,
                                 .column = 0,
                                 .dimension = "d",
                                 .slice = text,
                                 .value = 0.5,
                                 .lowest = 0.5,
                                 .highest = 0.5,
                                 .n = 3,
                                 .seeds = 1});
    experiment.costs.push_back({.row = index,
                                .column = 0,
                                .seconds = 1.0 + double(index),
                                .bits_per_second = 100.0 * double(index + 1)});
    experiment.curves.push_back({.row = text,
                                 .column = text,
                                 .state = "ok",
                                 .name = text,
                                 .points = {{0, 1.0}, {1, {}}, {2, 0.5}},
                                 .recorded = 3});
    for (const auto* matched : {"slice", "name", "dataset"}) {
      experiment.gaps.push_back({.candidate = text,
                                 .base = text,
                                 .question = text,
                                 .probe = text,
                                 .matched = matched,
                                 .label = text,
                                 .probe_gap = difference,
                                 .question_gap = difference});
      experiment.correlations.push_back(
          {.matched = matched, .question = text, .candidate = text, .dots = 1, .note = text});
    }
    experiment.rows.back().configuration = {{text, text}};
    experiment.columns.back().configuration = {{text + " ", text}};
    experiment.confusions.push_back({.row = index,
                                     .column = 0,
                                     .classes = {text, ""},
                                     .others = 3,
                                     .counts = {{0, 0, 2}, {0, 1, 1}, {2, 0, 4}}});
    experiment.audit.push_back({text, text, "look", text});
    auto& table = experiment.provenance.emplace_back();
    table.title = text;
    table.columns = {text};
    table.rows.push_back({Json(text)});
  }
  ReportedAnswers answers{
      .dataset = hostile[0], .target = hostile[1], .found = 9, .texts = hostile};
  for (std::size_t i = 0; i < hostile.size(); ++i) {
    answers.items.push_back({.position = static_cast<std::int64_t>(i),
                             .id = hostile[i],
                             .question = hostile[i],
                             .truth = hostile[i],
                             .choices = {hostile[i]},
                             .slices = {{hostile[i], hostile[i]}}});
    answers.sides.push_back({.row = i,
                             .said = {0, 1, 2, 3, 4, 5, -1},
                             .outputs = {-1, 0, 1, 2, 3, 4, 5},
                             .right = i % 2 == 0 ? "1111111" : "0000000"});
  }
  // A picture, and a sound that no browser can play.
  const std::string digits(64, 'c'), others(64, 'd');
  for (std::int64_t training = 0; training < 2; ++training)
    for (const auto& text : hostile)
      experiment.samples.push_back({.row = text,
                                    .column = text,
                                    .training = training,
                                    .state = "ok",
                                    .name = text,
                                    .step = 100,
                                    .after = others,
                                    .picture = digits});
  answers.dataset_key = digits;
  ReportedSounds sounds{.left_out = {hostile[0]}};
  sounds.files = {
      {digits,
       {"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAA"
        "AgABSK+kcQAAAABJRU5ErkJggg=="}},
      {others, {"data:audio/flac;base64,ZkxhQw=="}},
      {digits + "/0", {"data:audio/flac;base64,ZkxhQw=="}}};
  answers.sides[0].scores.assign(hostile.size(), -0.5);
  answers.sides[0].truth_scores.assign(hostile.size(), {});
  return {.generator = "Earshot",
          .results = hostile[0],
          .experiments = {experiment},
          .answers = {answers},
          .sounds = sounds};
}

TEST(ScriptJson, cannot_end_the_script_that_it_stands_in) {
  const Json value = hostile;
  const auto text = script_json(value);
  EXPECT_THAT(text, AllOf(Not(HasSubstr("<")), Not(HasSubstr("\u2028")), Not(HasSubstr("\u2029"))));
  EXPECT_EQ(Json::parse(text), value);
}

TEST(ScriptJson, replaces_bytes_that_are_not_utf8) {
  EXPECT_EQ(Json::parse(script_json("a\xff")), "a\ufffd");
}

class Page : public ::testing::Test {
 protected:
  void SetUp() override {
    if (page_template.empty()) GTEST_SKIP() << "built without D3 (Debian's package node-d3)";
  }
};

TEST_F(Page, contains_its_data_exactly) {
  auto data = hostile_data();
  const auto page = page_of(data);
  const std::string mark = "id=\"data\">";
  const auto begin = page.find(mark) + mark.size();
  EXPECT_EQ(Json::parse(page.substr(begin, page.find("</script>", begin) - begin)), Json(data));
  EXPECT_TRUE(is_page(page));
  EXPECT_FALSE(is_page("[experiment]\nname = \"x\"\n"));
}

TEST_F(Page, loads_nothing_and_carries_the_licence_of_its_library) {
  auto data = hostile_data();
  const auto page = page_of(data);
  EXPECT_THAT(page, AllOf(HasSubstr("default-src 'none'"), HasSubstr("Bostock"),
                          HasSubstr("Redistribution")));
  for (const auto* loading : {"<link", " src=", "@import", "import(", "fetch(\"", "url(http"})
    EXPECT_THAT(std::string(page_template), Not(HasSubstr(loading))) << loading;
}

TEST_F(Page, that_is_live_may_ask_its_own_server_for_data_and_nothing_else) {
  const auto page = live_page();
  EXPECT_THAT(page, AllOf(HasSubstr("\"default-src 'none'; connect-src 'self'; script-src"),
                          HasSubstr("id=\"data\">{\"live\":true}</script>")));
  EXPECT_THAT(std::string(page_template), Not(HasSubstr("connect-src")));
}

TEST_F(Page, stays_below_a_limit_and_says_what_was_left_out) {
  auto data = hostile_data();
  for (std::int64_t i = 0; i < 5'000; ++i)
    data.experiments[0].curves[0].points.emplace_back(3 + i, 0.25);
  const auto whole = page_of(data).size();
  EXPECT_LT(page_of(data, whole - 1).size(), whole);
  EXPECT_THAT(data.left_out, ::testing::ElementsAre(HasSubstr("thinned")));
}

/// The page's elements after its scripts have run.
std::string built(const std::string& page, const std::string& browser) {
  const earshot::testing::TemporaryFolder folder;
  std::ofstream(folder / "report.html") << page;
  return earshot::testing::dom_of((folder / "report.html").string(), browser);
}

TEST_F(Page, is_drawn_by_a_browser_without_an_error_whatever_names_it_shows) {
  const auto name = earshot::testing::browser();
  if (name.empty()) GTEST_SKIP() << "no Chromium in PATH";
  auto data = hostile_data();
  if (built("<p>empty</p>", name).empty()) GTEST_SKIP() << name << " does not start here";
  const auto dom = built(page_of(data), name);
  const auto root = earshot::testing::root_of(dom);
  EXPECT_THAT(root, AllOf(HasSubstr("data-built=\"yes\""), Not(HasSubstr("data-error")))) << root;
  // A figure for each claim, the comparison, scores, slices, costs, gaps, curves and confusions,
  // all drawn.
  std::size_t figures = 0, drawn = 0;
  for (auto at = dom.find("<figure"); at != std::string::npos; at = dom.find("<figure", at + 1))
    ++figures;
  for (auto at = dom.find("viewBox="); at != std::string::npos; at = dom.find("viewBox=", at + 1))
    ++drawn;
  EXPECT_EQ(figures, hostile.size() + 7);
  EXPECT_EQ(drawn, figures);
  EXPECT_THAT(dom, AllOf(HasSubstr("<img src=\"data:image/png"), HasSubstr("▶ Play"),
                         HasSubstr("after 100 steps")));
  EXPECT_THAT(dom, AllOf(HasSubstr("‹U+202E›gnp.exe"), HasSubstr("‹U+001B›[31mred")));
}

}  // namespace
}  // namespace earshot::host
