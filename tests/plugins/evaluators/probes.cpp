#include <fstream>
#include <functional>
#include <sstream>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/testing.hpp>

#include "evaluators/probes/knn.hpp"
#include "evaluators/probes/linear_probe.hpp"
#include "memory_trial.hpp"

namespace {

using earshot::Label;
using earshot::LabelSpec;
using earshot::Numbers;
using earshot::Options;
using earshot::test::MemoryTrial;
using probes::Knn;
using probes::LinearProbe;
using testing::ElementsAre;
using Given = std::map<std::string, earshot::OptionValue>;
using Texts = std::vector<std::string>;

const earshot::Context context{.device = at::kCPU};

const std::vector<LabelSpec> labels = {
    {.name = "kind", .classes = {"low", "middle", "high"}},
    {.name = "level", .type = 0.0, .unit = "dB"},
    {.name = "tags", .type = Texts{}, .classes = {"x", "y"}},
};

/// Items whose mean feature is (kind, level, x, y) plus noise, in 3 to 6 frames.
std::vector<MemoryTrial::Example> examples(int count, std::uint64_t seed, double noise = 0.3) {
  earshot::kit::Random random(seed);
  std::vector<MemoryTrial::Example> result;
  for (int i = 0; i < count; ++i) {
    const auto kind = i % 3;
    const auto level = random.uniform(0, 4);
    Texts tags;
    if (random.uniform() < 0.5) tags.push_back("x");
    if (random.uniform() < 0.5) tags.push_back("y");
    const double truth[] = {2.0 * kind, level, tags == Texts{"x"} || tags.size() == 2 ? 2.0 : 0.0,
                            tags == Texts{"y"} || tags.size() == 2 ? 2.0 : 0.0};
    auto features = at::empty({3 + random.below(4), 4});
    for (std::int64_t t = 0; t < features.size(0); ++t)
      for (std::int64_t d = 0; d < 4; ++d)
        features[t][d] = truth[d] + noise * random.normal();
    result.push_back(
        {.item = {.id = std::to_string(i),
                  .groups = {{"clip", std::to_string(i / 2)}},
                  .labels = {{"kind", labels[0].classes[static_cast<std::size_t>(kind)]},
                             {"level", level},
                             {"tags", tags}}},
         .features = features});
  }
  return result;
}

MemoryTrial trial(bool with_validation = false) {
  return {labels,
          {.frame_rate = 10, .dim = 4},
          examples(90, 1),
          examples(60, 2),
          with_validation ? examples(30, 3) : std::vector<MemoryTrial::Example>{}};
}

template <class Probe>
Probe make(Given given) {
  return Probe(Options(Probe::options(), given), context);
}

template <class Probe>
Numbers run(Probe& probe, MemoryTrial& on) {
  probe.fit(on);
  probe.predict(on);
  return numbers_of(probe, on);
}

Given with(const std::string& target, Given more = {}) {
  more["target"] = target;
  return more;
}

TEST(LinearProbe, distinguishes_classes_with_each_head) {
  for (const auto& options : {with("kind"), with("kind", {{"pooling", std::string("max")}}),
                              with("kind", {{"head", std::string("svm")}}),
                              with("kind", {{"head", std::string("svm")},
                                            {"multiclass", std::string("one_vs_rest")},
                                            {"pooling", std::string("mean")},
                                            {"c", 1.0}})}) {
    auto on = trial();
    auto probe = make<LinearProbe>(options);
    const auto numbers = run(probe, on);
    EXPECT_GT(numbers.at("accuracy"), 0.9);
    EXPECT_GT(numbers.at("balanced_accuracy"), 0.9);
    EXPECT_GT(numbers.at("macro_f1"), 0.9);
    // One against the rest: no line separates the middle class.
    EXPECT_GT(numbers.at("map"), 0.75);
    EXPECT_GT(numbers.at("auc"), 0.8);
    EXPECT_NEAR(numbers.at("majority"), 1 / 3.0, 1e-12);
    EXPECT_NEAR(on.reports.at("chance"), 1 / 3.0, 1e-12);
    EXPECT_EQ(on.predictions.size(), 60U);
  }
}

TEST(LinearProbe, predicts_numbers_and_sets) {
  auto on = trial(true);
  auto number = make<LinearProbe>(with("level"));
  const auto numbers = run(number, on);
  EXPECT_LT(numbers.at("mae"), 0.25);
  EXPECT_GT(numbers.at("r2"), 0.9);
  EXPECT_GT(numbers.at("constant_mae"), 0.8);
  auto also_on = trial(true);
  auto set = make<LinearProbe>(with("tags"));
  EXPECT_GT(run(set, also_on).at("map"), 0.97);
  EXPECT_EQ(also_on.reports.count("chance"), 0U);
}

TEST(LinearProbe, chooses_its_penalty_on_validation_items_or_on_a_quarter_of_the_groups) {
  for (const bool validation : {true, false}) {
    auto on = trial(validation);
    auto probe = make<LinearProbe>(with("kind"));
    probe.fit(on);
    EXPECT_EQ(on.curves.at("validation").size(), 6U);
    const auto& reached = on.curves.at("validation");
    const auto best = std::max_element(reached.begin(), reached.end()) - reached.begin();
    EXPECT_THAT(on.curves.at("c"), ::testing::ElementsAre(1e-4, 1e-3, 1e-2, 1e-1, 1, 10));
    EXPECT_THAT(on.curves.at("chosen_c"),
                ::testing::ElementsAre(on.curves.at("c")[static_cast<std::size_t>(best)]));
    EXPECT_GT(*std::max_element(on.curves["validation"].begin(), on.curves["validation"].end()),
              0.9);
  }
}

template <class Probe>
std::vector<double> scores(const Given& options, std::uint64_t seed) {
  auto on = trial();
  on.cell_seed = seed;
  auto probe = make<Probe>(options);
  run(probe, on);
  std::vector<double> scores;
  for (const auto& prediction : on.predictions)
    scores.insert(scores.end(), prediction.scores.begin(), prediction.scores.end());
  return scores;
}

template <class Probe>
void expect_seed_matters_for_subsamples_only(const Given& all) {
  auto some = all;
  some["n_train"] = std::int64_t{30};
  EXPECT_FALSE(make<Probe>(all).uses().seed);
  EXPECT_TRUE(make<Probe>(some).uses().seed);
  EXPECT_EQ(scores<Probe>(all, 0), scores<Probe>(all, 1));
  EXPECT_EQ(scores<Probe>(some, 0), scores<Probe>(some, 0));
  EXPECT_NE(scores<Probe>(some, 0), scores<Probe>(some, 1));
  some["n_train"] = std::int64_t{91};
  auto on = trial();
  auto greedy = make<Probe>(some);
  EXPECT_THROW(greedy.fit(on), earshot::ConfigError);
}

TEST(Probes, depend_on_the_cell_seed_only_when_they_subsample) {
  expect_seed_matters_for_subsamples_only<LinearProbe>(with("kind", {{"c", 0.1}}));
  expect_seed_matters_for_subsamples_only<Knn>(with("kind"));
}

TEST(Probes, reduce_features_to_tokens_and_principal_components) {
  const auto weight = [](const Given& options) {
    auto on = trial();
    auto probe = make<LinearProbe>(options);
    EXPECT_GT(run(probe, on).at("accuracy"), 0.6);  // the uninformative spreads take some axes
    return probe.state().tensors.at("weight");
  };
  const auto c = earshot::OptionValue(1.0);
  EXPECT_EQ(weight(with("kind", {{"c", c}})).size(1), 8);
  EXPECT_EQ(weight(with("kind", {{"c", c}, {"pca", std::int64_t{5}}})).size(1), 5);
  // A single token has no spread, so that mean_std is just the mean.
  const auto token = weight(with("kind", {{"c", c}, {"tokens", std::int64_t{1}}}));
  const auto mean = weight(with("kind", {{"c", c}, {"pooling", std::string("mean")}}));
  EXPECT_EQ(token.size(1), 4);
  EXPECT_TRUE(at::allclose(token, mean, 1e-3, 1e-4));
  auto on = trial();
  auto wide = make<Knn>(with("kind", {{"pca", std::int64_t{9}}}));
  EXPECT_THROW(wide.fit(on), earshot::ConfigError);
}

TEST(LinearProbe, refuses_a_head_that_cannot_predict_the_target) {
  auto on = trial();
  auto probe = make<LinearProbe>(with("level", {{"head", std::string("svm")}}));
  try {
    probe.fit(on);
    FAIL();
  } catch (const earshot::ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "head 'svm' cannot predict 'level', which is a number; allowed: auto, ridge");
  }
  EXPECT_THROW(make<LinearProbe>(with("nothing")).fit(on), earshot::ConfigError);
}

TEST(LinearProbe, skips_items_without_the_label_and_needs_one_that_has_it) {
  auto train = examples(30, 1, 0.05), test = examples(9, 2, 0.05);
  for (std::size_t i = 0; i < 10; ++i)
    train[i].item.labels.erase("kind");
  test[0].item.labels.erase("kind");
  MemoryTrial on(labels, {.frame_rate = 10, .dim = 4}, train, test);
  auto probe = make<LinearProbe>(with("kind", {{"c", 10.0}, {"pooling", std::string("mean")}}));
  EXPECT_GT(run(probe, on).at("accuracy"), 0.8);
  EXPECT_EQ(on.predictions.size(), 9U);
  EXPECT_TRUE(probe.mark(on.item(earshot::Split::test, 0), on.predictions[0]).empty());
  for (auto& example : train)
    example.item.labels.clear();
  MemoryTrial none(labels, {.frame_rate = 10, .dim = 4}, train, test);
  EXPECT_THROW(probe.fit(none), earshot::DataError);
}

TEST(LinearProbe, takes_features_of_one_vector_a_clip_and_a_constant_feature) {
  const auto collapse = [](std::vector<MemoryTrial::Example> all) {
    for (auto& example : all) {
      example.features = example.features.mean(0, true);
      example.features.select(1, 3).fill_(0.7F);
    }
    return all;
  };
  MemoryTrial on(labels, {.frame_rate = 0, .dim = 4}, collapse(examples(90, 1)),
                 collapse(examples(60, 2)));
  auto probe = make<LinearProbe>(with("kind", {{"c", 1.0}}));
  EXPECT_GT(run(probe, on).at("accuracy"), 0.9);
  EXPECT_EQ(probe.state().tensors.at("weight").size(1), 4);
}

TEST(Probes, predict_the_same_from_their_state) {
  for (const std::string target : {"kind", "level", "tags"}) {
    const auto check = [&](auto fitted, auto fresh) {
      auto on = trial(), again = trial();
      const auto numbers = run(fitted, on);
      fresh.load_state(fitted.state());
      fresh.predict(again);
      EXPECT_EQ(numbers_of(fresh, again), numbers);
      for (std::size_t i = 0; i < on.predictions.size(); ++i) {
        EXPECT_EQ(on.predictions[i].scores, again.predictions[i].scores);
        EXPECT_EQ(on.predictions[i].value, again.predictions[i].value);
      }
      auto state = fitted.state();
      state.tensors.clear();
      EXPECT_THROW(fresh.load_state(state), earshot::DataError);
    };
    check(make<LinearProbe>(with(target)), make<LinearProbe>(with(target)));
    check(make<Knn>(with(target)), make<Knn>(with(target)));
    const auto reduced = with(target, {{"tokens", std::int64_t{2}}, {"pca", std::int64_t{3}}});
    check(make<LinearProbe>(reduced), make<LinearProbe>(reduced));
    check(make<Knn>(reduced), make<Knn>(reduced));
  }
  auto on = trial();
  auto fitted = make<Knn>(with("kind"));
  fitted.fit(on);
  EXPECT_THROW(make<Knn>(with("level")).load_state(fitted.state()), earshot::DataError);
}

TEST(Probes, declare_every_number_that_they_give_and_one_primary) {
  for (const std::string target : {"kind", "level", "tags"}) {
    const std::map<std::string, std::string> heads = {
        {"kind", "logistic"}, {"level", "ridge"}, {"tags", "sigmoid"}};
    for (const auto& head : {std::string("auto"), heads.at(target)}) {
      auto on = trial();
      auto probe = make<LinearProbe>(with(target, {{"head", head}}));
      auto numbers = run(probe, on);
      numbers.merge(on.reports);
      std::map<std::string, int> declared;
      int primaries = 0;
      for (const auto& spec : probe.metrics()) {
        ++declared[spec.name];
        primaries += spec.primary ? 1 : 0;
        EXPECT_TRUE(!spec.primary || head == "auto" || numbers.contains(spec.name)) << spec.name;
      }
      EXPECT_EQ(primaries, 1);
      for (const auto& [name, value] : numbers)
        EXPECT_EQ(declared[name], 1) << name;
    }
  }
}

TEST(Probes, score_a_single_item) {
  for (const std::string target : {"kind", "level", "tags"}) {
    earshot::kit::SyntheticTrial on;
    auto probe = make<LinearProbe>(with(target));
    probe.fit(on);
    probe.predict(on);
    const auto item = on.item(earshot::Split::test, 3);
    const std::vector one = {earshot::Outcome{item, on.predictions().at(3)}};
    const auto numbers = probe.score(one);
    EXPECT_EQ(numbers.contains("balanced_accuracy"), target == "kind");
    EXPECT_FALSE(numbers.contains("r2"));
  }
}

TEST(Probes, write_a_confusion_table) {
  auto on = trial();
  auto probe = make<Knn>(with("kind"));
  const auto accuracy = run(probe, on).at("accuracy");
  std::ifstream file(on.artifact("confusion.csv"));
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "truth,low,middle,high");
  double diagonal = 0, all = 0;
  for (int row = 0; row < 3; ++row) {
    std::string cell;
    std::getline(file, cell, ',');
    EXPECT_EQ(cell, labels[0].classes[static_cast<std::size_t>(row)]);
    std::getline(file, line);
    std::istringstream cells(line);
    for (int column = 0; column < 3; ++column) {
      std::getline(cells, cell, ',');
      all += std::stod(cell);
      if (row == column) diagonal += std::stod(cell);
    }
  }
  EXPECT_EQ(all, 60);
  EXPECT_NEAR(diagonal / all, accuracy, 1e-12);
}

/// One-dimensional items with one class each.
MemoryTrial line(const std::vector<std::pair<double, std::string>>& train, double test) {
  const auto example = [](double x, const std::string& kind) {
    return MemoryTrial::Example{.item = {.labels = {{"kind", kind}}},
                                .features = at::full({1, 2}, x)};
  };
  std::vector<MemoryTrial::Example> all;
  for (const auto& [x, kind] : train)
    all.push_back(example(x, kind));
  return {labels, {.dim = 2}, all, {example(test, "low")}};
}

TEST(Knn, breaks_ties_of_votes_by_class_and_of_distances_by_order) {
  std::string ties = "names";
  const auto predicted = [&](const MemoryTrial& given, std::int64_t k) {
    auto on = given;
    auto probe = make<Knn>(with("kind", {{"k", k}, {"standardise", false}, {"ties", ties}}));
    probe.fit(on);
    probe.predict(on);
    return std::get<std::string>(*on.predictions.front().value);
  };
  EXPECT_EQ(predicted(line({{1, "high"}, {1.5, "low"}}, 0.9), 1), "high");
  EXPECT_EQ(predicted(line({{1, "high"}, {1.5, "low"}}, 0.9), 2), "high");  // one vote each
  EXPECT_EQ(predicted(line({{1, "middle"}, {1.5, "low"}}, 0.9), 2), "low");
  EXPECT_EQ(predicted(line({{1, "high"}, {-1, "low"}}, 0), 1), "high");  // equally far
  EXPECT_EQ(predicted(line({{1, "high"}, {2, "high"}, {0, "low"}}, 0), 9), "high");
  ties = "dataset";  // low, middle, high
  EXPECT_EQ(predicted(line({{1, "high"}, {1.5, "low"}}, 0.9), 2), "low");
}

TEST(Probes, break_ties_as_requested_even_after_they_were_stored) {
  for (const std::string ties : {"names", "dataset"}) {
    auto on = line({{1, "high"}, {1.5, "low"}}, 0.9);
    const auto options =
        with("kind", {{"k", std::int64_t{2}}, {"standardise", false}, {"ties", ties}});
    auto probe = make<Knn>(options), again = make<Knn>(options);
    probe.fit(on);
    again.load_state(probe.state());
    again.predict(on);
    EXPECT_EQ(std::get<std::string>(*on.predictions.front().value),
              ties == "names" ? "high" : "low");
  }
}

TEST(Probes, have_the_primary_metric_of_the_labels_type) {
  const auto primary = [](const std::vector<earshot::MetricSpec>& metrics) {
    std::string names;
    for (const auto& metric : metrics)
      if (metric.primary) names += metric.name;
    return names;
  };
  const std::pair<std::string, std::string> types[] = {
      {"", "balanced_accuracy"}, {"class", "balanced_accuracy"}, {"number", "mae"}, {"set", "map"}};
  for (const auto& [type, metric] : types) {
    EXPECT_EQ(primary(make<LinearProbe>(with("kind", {{"target_type", type}})).metrics()), metric);
    EXPECT_EQ(primary(make<Knn>(with("kind", {{"target_type", type}})).metrics()), metric);
  }
  const auto ridge = make<LinearProbe>(with("level", {{"head", std::string("ridge")}}));
  EXPECT_EQ(primary(ridge.metrics()), "mae");
}

/// Runs a linear probe that has to choose C. @returns its notes.
std::string notes_of(MemoryTrial& on, const std::string& target) {
  auto probe = make<LinearProbe>(with(target));
  const auto numbers = run(probe, on);
  EXPECT_FALSE(numbers.empty());
  std::ifstream file(on.artifact("notes.txt"));
  std::string line;
  std::getline(file, line);
  return line;
}

TEST(LinearProbe, notes_that_there_is_nothing_to_validate_on_and_continues) {
  const auto of_groups = [](int count, const std::function<std::string(int)>& group) {
    auto all = examples(count, 1);
    for (int i = 0; i < count; ++i)
      all[static_cast<std::size_t>(i)].item.groups = {{"clip", group(i)}};
    return all;
  };
  const earshot::FeatureSpec spec{.frame_rate = 10, .dim = 4};
  for (const std::string target : {"kind", "level", "tags"}) {
    MemoryTrial one(labels, spec, of_groups(12, [](int) { return "all"; }), examples(9, 2));
    EXPECT_THAT(notes_of(one, target), testing::HasSubstr("12 training items are in 1 group"));
  }
  MemoryTrial by_class(labels, spec, of_groups(12, [](int i) { return std::to_string(i % 3); }),
                       examples(9, 2));
  EXPECT_THAT(notes_of(by_class, "kind"), testing::HasSubstr("12 training items are in 3 groups"));
  MemoryTrial two(labels, spec, of_groups(2, [](int i) { return std::to_string(i); }),
                  examples(9, 2));
  EXPECT_THAT(notes_of(two, "kind"), testing::HasSubstr("each class of the 2 training items is"));
  auto empty = examples(6, 3);
  for (auto& example : empty)
    example.item.labels["tags"] = Texts{};
  MemoryTrial no_tags(labels, spec, examples(60, 1), examples(9, 2), empty);
  EXPECT_THAT(notes_of(no_tags, "tags"),
              testing::HasSubstr("none of the 6 validation items has a class of 'tags'"));
  auto usual = trial();
  EXPECT_EQ(notes_of(usual, "kind"), "");
}

TEST(Target, counts_items_without_an_answer_as_wrong_in_every_number_of_classes) {
  const earshot::kit::Target target(labels[0]);
  std::vector<earshot::Item> items;
  std::vector<earshot::Prediction> predictions;
  for (int i = 0; i < 6; ++i) {
    items.push_back({.id = std::to_string(i), .labels = {{"kind", Label(i < 3 ? "low" : "high")}}});
    predictions.push_back({.item = i});
    if (i % 3 < 2) predictions.back().value = items.back().labels.at("kind");
  }
  items.push_back({.id = "unlabelled"});
  predictions.push_back({.item = 6, .value = Label(std::string("low"))});
  predictions[5].value = Label(std::string("no class"));
  std::vector<earshot::Outcome> outcomes;
  double right = 0, marked = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    outcomes.push_back({items[i], predictions[i]});
    const auto marks = target.mark(items[i], predictions[i]);
    if (!marks.contains("accuracy")) continue;
    right += marks.at("accuracy");
    marked += 1;
  }
  EXPECT_EQ(right / marked, 4.0 / 6);
  const auto numbers = target.score(outcomes);
  EXPECT_DOUBLE_EQ(numbers.at("balanced_accuracy"), 4.0 / 6);
  EXPECT_DOUBLE_EQ(numbers.at("macro_f1"), 0.8);  // sklearn: labels = the two classes
  EXPECT_EQ(numbers.at("balanced_accuracy.n"), 6);
  EXPECT_FALSE(numbers.contains("map"));  // there are no scores
}

TEST(Target, counts_the_items_of_r2) {
  const earshot::kit::Target target(labels[1]);
  std::vector<earshot::Item> items(4);
  std::vector<earshot::Prediction> predictions;
  std::vector<earshot::Outcome> outcomes;
  for (int i = 0; i < 4; ++i)
    predictions.push_back({.item = i, .value = Label(0.5 * i)});
  for (std::size_t i = 0; i < 3; ++i)
    items[i].labels["level"] = static_cast<double>(i);
  for (std::size_t i = 0; i < 4; ++i)
    outcomes.push_back({items[i], predictions[i]});
  EXPECT_EQ(target.score(outcomes).at("r2.n"), 3);
}

TEST(Target, ranks_nothing_if_some_items_have_no_scores) {
  const earshot::kit::Target target(labels[2]);
  std::vector<earshot::Item> items(3);
  std::vector<earshot::Prediction> predictions(3);
  std::vector<earshot::Outcome> outcomes;
  for (std::size_t i = 0; i < 3; ++i) {
    items[i].labels["tags"] = i == 0 ? Texts{"x"} : Texts{"y"};
    predictions[i].scores = i == 0 ? std::vector{0.9, 0.1} : std::vector{0.1, 0.9};
    outcomes.push_back({items[i], predictions[i]});
  }
  EXPECT_EQ(target.score(outcomes).at("map"), 1);
  EXPECT_EQ(target.score(outcomes).at("map.n"), 3);
  predictions[1].scores.clear();
  EXPECT_TRUE(target.score(outcomes).empty());
}

TEST(Knn, compares_directions_with_the_cosine) {
  auto on = line({{10, "high"}, {-0.1, "low"}}, 0.1);
  auto probe = make<Knn>(
      with("kind",
           {{"k", std::int64_t{1}}, {"standardise", false}, {"distance", std::string("cosine")}}));
  probe.fit(on);
  probe.predict(on);
  EXPECT_EQ(*on.predictions.front().value, Label(std::string("high")));
  EXPECT_THAT(on.predictions.front().scores, ElementsAre(0, 0, 1));
}

}  // namespace
