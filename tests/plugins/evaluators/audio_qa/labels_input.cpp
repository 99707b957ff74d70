#include "labels_input.hpp"

#include <gmock/gmock.h>

#include "question_trial.hpp"

namespace {

using namespace earshot;
using audio_qa::LabelsInput;
using test::QuestionTrial;

const std::string& kind(const Item& item, const char* label = "kind") {
  return std::get<std::string>(item.labels.at(label));
}

TEST(LabelsInput, represents_labels_of_a_second_clip_like_those_of_the_first) {
  QuestionTrial trial({}, [&](Item& item, Split split, std::int64_t index) {
    const auto next = (index + 1) % trial.size(split);
    item.labels["second_kind"] = trial.SyntheticTrial::item(split, next).labels.at("kind");
  });
  LabelsInput labels;
  labels.learn(trial, 8, c10::kCPU);
  const auto item = trial.item(Split::train, 0);
  ASSERT_TRUE(labels.knows(item, 1));
  const auto second = labels.frames({item}, 1).values;
  EXPECT_EQ(second.sizes(), (std::vector<std::int64_t>{1, 1, 8})) << "its own label and no other";
  for (std::int64_t i = 0; i < trial.size(Split::train); ++i) {
    const auto other = trial.item(Split::train, i);
    auto only = other;
    only.labels = {{"kind", other.labels.at("kind")}};
    EXPECT_EQ(at::equal(labels.frames({only}, 0).values, second),
              kind(only) == kind(item, "second_kind"));
  }
}

TEST(LabelsInput, knows_nothing_of_a_second_clip_without_labels_and_refuses_a_first) {
  QuestionTrial trial;
  LabelsInput labels;
  labels.learn(trial, 8, c10::kCPU);
  auto item = trial.item(Split::test, 0);
  EXPECT_TRUE(labels.knows(item, 0));
  EXPECT_FALSE(labels.knows(item, 1));
  item.labels.clear();
  EXPECT_THROW((void)labels.knows(item, 0), DataError);
}

}  // namespace
