#include <filesystem>
#include <numeric>
#include <sstream>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include "evaluators/probes/knn.hpp"
#include "evaluators/probes/linear_probe.hpp"
#include "files.hpp"
#include "memory_trial.hpp"

// Probes of labels that are vectors.

namespace vector_probes {
namespace {

using earshot::Label;
using earshot::Numbers;
using earshot::Options;
using earshot::Split;
using earshot::Vector;
using earshot::test::MemoryTrial;
using probes::Knn;
using probes::LinearProbe;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using Example = MemoryTrial::Example;
using Given = std::map<std::string, earshot::OptionValue>;

Example example(const std::vector<float>& features, const std::vector<float>& voxels) {
  return {.item = {.labels = {{"voxels", Vector{at::tensor(voxels)}}}},
          .features = at::tensor(features).unsqueeze(0)};
}

std::vector<Example> training() {
  return {example({-2.5, 2}, {-7.1F, -4.5, -0.5}), example({2.5, -0.5}, {5.35F, 4.5, -2}),
          example({2, 2.5}, {1.3F, -3, 2}),        example({1.5, 0}, {2.75, 6, 0.5}),
          example({1, -2.5}, {4.75, -1.5, -1}),    example({0.5, 0.5}, {0.7F, 7.5, 3}),
          example({0, -2}, {2.15F, 0, -4}),        example({-0.5, 1}, {-1.9F, -7.5, 0})};
}

std::vector<Example> validation() {
  auto all = training();
  return {all.begin() + 2, all.begin() + 6};
}

std::vector<Example> tests() {
  return {example({1, -2.5}, {4.5, -6, -1.5}), example({0.5, 0.5}, {0.45F, 3, 2.5}),
          example({0, -2}, {1.9F, -4.5, -4.5}), example({-0.5, 1}, {-2.15F, 4.5, -0.5}),
          example({-1, -1.5}, {-0.7F, -3, -2})};
}

MemoryTrial trial(std::vector<Example> test = tests(),
                  std::vector<Example> validate = validation()) {
  return {{{.name = "voxels", .type = Vector{}, .size = 3}},
          {.dim = 2},
          training(),
          std::move(test),
          std::move(validate)};
}

template <class Probe>
Probe probe_of(Given given = {}) {
  given["target"] = std::string("voxels");
  given["pooling"] = std::string("mean");
  given["standardise"] = false;
  return Probe(Options(Probe::options(), given), {.device = at::kCPU});
}

template <class Probe>
Numbers numbers(Probe& probe, MemoryTrial& on) {
  probe.fit(on);
  probe.predict(on);
  return numbers_of(probe, on);
}

constexpr double penalties[] = {1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10};

// Expected values in Python, for the features x, v, t and the vectors Y, YV, YT of the training,
// validation and test items above:
//   cs = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10]
//   errors = np.array([abs(Ridge(alpha=1 / c).fit(x, Y).predict(v) - YV).mean(0) for c in cs])
//   best = errors.argmin(0)                      # another C for each of the three columns
//   p = np.stack([Ridge(alpha=1 / cs[b]).fit(x, Y[:, k]).predict(t) for k, b in enumerate(best)],
//   1) correlation = np.mean([np.corrcoef(p[:, k], YT[:, k])[0, 1] for k in range(3)]) r2 =
//   sklearn.metrics.r2_score(YT, p); mae = abs(YT - p).mean()
TEST(VectorProbe, chooses_a_penalty_for_each_column_like_scikit_learn) {
  auto on = trial();
  auto probe = probe_of<LinearProbe>();
  const auto found = numbers(probe, on);
  const double errors[7][3] = {
      {1.52465622, 4.50010029, 1.74976134}, {1.52156927, 4.50100086, 1.74761753},
      {1.49137224, 4.50980976, 1.72658393}, {1.24400384, 4.58192258, 1.54982064},
      {0.49181389, 4.81391834, 1.24560347}, {0.16061914, 4.94318378, 1.23680577},
      {0.14310758, 4.96261248, 1.28436167}};
  for (std::size_t i = 0; i < 7; ++i)
    EXPECT_NEAR(on.curves.at("validation").at(i), -(errors[i][0] + errors[i][1] + errors[i][2]) / 3,
                1e-7);
  EXPECT_THAT(on.curves.at("c"), testing::ElementsAreArray(penalties));
  EXPECT_THAT(on.curves.at("columns_with_c"), ElementsAre(1, 0, 0, 0, 0, 1, 1));
  const double predicted[5][3] = {{4.65606896, 0.18813106, -2.25882172},
                                  {0.47770444, 0.18740985, 0.03697453},
                                  {2.1839082, 0.1877299, -2.18840135},
                                  {-1.99445631, 0.18700869, 0.10739491},
                                  {-0.28825255, 0.18732874, -2.11798098}};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_FALSE(on.predictions.at(i).value.has_value());
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_NEAR(on.predictions[i].scores.at(k), predicted[i][k], 2e-7) << i << " " << k;
  }
  EXPECT_NEAR(found.at("correlation"), 0.3138952957519135, 1e-7);
  EXPECT_NEAR(found.at("r2"), 0.46621654100161686, 1e-7);
  EXPECT_NEAR(found.at("mae"), 1.8988377163056367, 1e-7);
  EXPECT_EQ(on.reports.at("constant_columns"), 0);
}

TEST(VectorProbe, writes_how_well_each_column_is_predicted) {
  auto on = trial();
  auto probe = probe_of<LinearProbe>();
  numbers(probe, on);
  std::istringstream lines(earshot::testing::text_of(on.artifact("columns.csv")));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "column,correlation,r2");
  const double expected[3][2] = {{0.9983674199967214, 0.98847127},
                                 {-0.8354712348401981, -0.11041695},
                                 {0.7787897020992172, 0.5205953}};
  for (std::size_t k = 0; k < 3; ++k) {
    std::size_t column = 9;
    double correlation = 0, r2 = 0;
    char comma = 0;
    lines >> column >> comma >> correlation >> comma >> r2;
    EXPECT_EQ(column, k);
    EXPECT_NEAR(correlation, expected[k][0], 1e-7);
    EXPECT_NEAR(r2, expected[k][1], 1e-7);
  }
  EXPECT_FALSE(std::filesystem::exists(on.artifact("notes.txt")));
  EXPECT_FALSE(std::filesystem::exists(on.artifact("confusion.csv")));
}

/// The same items, with the same value in the second column.
std::vector<Example> with_a_constant_column(std::vector<Example> all) {
  for (auto& each : all) {
    auto values = std::get<Vector>(each.item.labels.at("voxels")).values.clone();
    values[1].fill_(0.1F);
    each.item.labels["voxels"] = Vector{values};
  }
  return all;
}

TEST(VectorProbe, leaves_constant_columns_out_of_the_means_and_says_how_many) {
  auto whole = trial(), on = trial(with_a_constant_column(tests()));
  auto probe = probe_of<LinearProbe>();
  numbers(probe, whole);
  const auto found = numbers(probe, on);
  EXPECT_NEAR(found.at("correlation"), (0.9983674199967214 + 0.7787897020992172) / 2, 1e-7);
  EXPECT_NEAR(found.at("r2"), (0.98847127 + 0.5205953) / 2, 1e-7);
  EXPECT_EQ(on.reports.at("constant_columns"), 1);
  EXPECT_THAT(earshot::testing::text_of(on.artifact("columns.csv")), HasSubstr("\n1,,\n"));
  EXPECT_EQ(earshot::testing::text_of(on.artifact("notes.txt")),
            "1 of the 3 columns of 'voxels' have one value in all 5 test items with this label, so "
            "their correlation and r2 are undefined; the means leave them out\n");
}

TEST(VectorProbe, predicts_exactly_the_constant_of_a_column_that_never_changes_in_training) {
  MemoryTrial on({{.name = "voxels", .type = Vector{}, .size = 3}}, {.dim = 2},
                 with_a_constant_column(training()), tests(), with_a_constant_column(validation()));
  auto probe = probe_of<LinearProbe>();
  const auto found = numbers(probe, on);
  for (const auto& prediction : on.predictions)
    EXPECT_EQ(prediction.scores[1], on.predictions.front().scores[1]);
  // The column counts with a correlation of 0, since the truth of the test items does change.
  EXPECT_NEAR(found.at("correlation"), (0.9983674199967214 + 0.7787897020992172) / 3, 1e-7);
}

TEST(VectorProbe, has_no_number_rather_than_nan_if_nothing_changes) {
  auto on = trial({tests().front()});
  auto probe = probe_of<LinearProbe>();
  const auto found = numbers(probe, on);
  EXPECT_FALSE(found.contains("correlation"));
  EXPECT_FALSE(found.contains("r2"));
  EXPECT_TRUE(found.contains("mae"));
  EXPECT_EQ(on.reports.at("constant_columns"), 3);
}

TEST(VectorProbe, skips_items_without_the_vector_and_gives_nothing_without_a_prediction) {
  auto items = tests();
  items[4].item.labels.clear();
  auto on = trial(items);
  auto probe = probe_of<LinearProbe>();
  probe.fit(on);
  probe.predict(on);
  ASSERT_EQ(on.predictions.size(), 5U);
  std::vector<earshot::Outcome> outcomes;
  for (std::size_t i = 0; i < 5; ++i)
    outcomes.push_back({items[i].item, on.predictions[i]});
  EXPECT_EQ(probe.score(outcomes).at("correlation.n"), 4);
  EXPECT_TRUE(probe.mark(items[4].item, on.predictions[4]).empty());
  on.predictions[2].scores.pop_back();
  EXPECT_TRUE(probe.score(outcomes).empty());
  EXPECT_TRUE(probe.mark(items[2].item, on.predictions[2]).empty());
}

TEST(VectorProbe, takes_a_given_c_or_chooses_it_on_a_quarter_of_the_training_items) {
  auto given = trial();
  auto probe = probe_of<LinearProbe>({{"c", 1.0}});
  numbers(probe, given);
  EXPECT_FALSE(given.curves.contains("c"));
  EXPECT_NEAR(given.predictions.front().scores[2], -2.25882172, 1e-7);
  auto without = trial(tests(), {});
  auto choosing = probe_of<LinearProbe>();
  numbers(choosing, without);
  const auto& columns = without.curves.at("columns_with_c");
  EXPECT_EQ(std::accumulate(columns.begin(), columns.end(), 0.0), 3);
}

TEST(VectorProbe, averages_the_vectors_of_the_nearest_neighbours) {
  auto on = trial();
  auto probe = probe_of<Knn>({{"k", std::int64_t{2}}});
  const auto found = numbers(probe, on);
  // Nearest to (0.5, 0.5): itself, and (-0.5, 1) or (1.5, 0), equally far, of which the first.
  EXPECT_THAT(on.predictions[1].scores,
              ElementsAre(DoubleNear((0.7 + 2.75) / 2, 1e-6), DoubleNear((7.5 + 6) / 2, 1e-6),
                          DoubleNear((3 + 0.5) / 2, 1e-6)));
  EXPECT_TRUE(found.contains("correlation"));
}

template <class Probe>
void expect_the_same_from_its_state(Probe probe, Probe fresh) {
  auto on = trial(), again = trial();
  const auto found = numbers(probe, on);
  fresh.load_state(probe.state());
  fresh.predict(again);
  EXPECT_EQ(numbers_of(fresh, again), found);
  const auto first = probe.state(), second = fresh.state();
  EXPECT_EQ(first.text, second.text);
  for (const auto& [name, tensor] : first.tensors)
    EXPECT_TRUE(at::equal(tensor, second.tensors.at(name))) << name;
}

TEST(VectorProbe, predicts_the_same_from_its_state) {
  expect_the_same_from_its_state(probe_of<LinearProbe>(), probe_of<LinearProbe>());
  expect_the_same_from_its_state(probe_of<Knn>(), probe_of<Knn>());
}

TEST(VectorProbe, has_the_correlation_as_primary_metric) {
  for (const std::string head : {"auto", "ridge"}) {
    auto on = trial();
    auto probe = probe_of<LinearProbe>({{"head", head}, {"target_type", std::string("vector")}});
    auto found = numbers(probe, on);
    found.merge(on.reports);
    std::string primary;
    for (const auto& metric : probe.metrics()) {
      if (metric.primary) primary += metric.name;
      found.erase(metric.name);
    }
    EXPECT_EQ(primary, "correlation");
    EXPECT_TRUE(found.empty()) << found.begin()->first << " is not declared";
  }
}

TEST(VectorProbe, refuses_other_heads_and_vectors_of_another_size) {
  auto on = trial();
  auto svm = probe_of<LinearProbe>({{"head", std::string("svm")}});
  EXPECT_THAT([&] { svm.fit(on); }, testing::ThrowsMessage<earshot::ConfigError>(
                                        HasSubstr("which is a vector; allowed: auto, ridge")));
  MemoryTrial wide({{.name = "voxels", .type = Vector{}, .size = 4}}, {.dim = 2}, training(),
                   tests());
  auto probe = probe_of<LinearProbe>();
  EXPECT_THAT([&] { probe.fit(wide); },
              testing::ThrowsMessage<earshot::DataError>(
                  HasSubstr("is no vector of the 4 values that the dataset declares")));
}

}  // namespace
}  // namespace vector_probes
