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

/// Has the vector label "voxels" besides the others.
struct VoxelTrial : QuestionTrial {
  using QuestionTrial::QuestionTrial;
  LabelSpec label(std::string_view name) const override {
    if (name == "voxels") return {.name = "voxels", .type = Vector{}, .size = 3};
    return QuestionTrial::label(name);
  }
};

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

TEST(LabelsInput, leaves_vectors_out_and_refuses_items_with_nothing_else) {
  const Vector voxels{at::ones({3})};
  QuestionTrial plain;
  VoxelTrial more({}, [&](Item& item, Split, std::int64_t) { item.labels["voxels"] = voxels; });
  VoxelTrial only({}, [&](Item& item, Split, std::int64_t) { item.labels = {{"voxels", voxels}}; });
  LabelsInput without, with;
  without.learn(plain, 8, c10::kCPU);
  with.learn(more, 8, c10::kCPU);
  EXPECT_EQ(with.frames({more.item(Split::test, 0)}, 0).lengths.item<std::int64_t>(),
            without.frames({plain.item(Split::test, 0)}, 0).lengths.item<std::int64_t>());
  EXPECT_THAT([&] { with.learn(only, 8, c10::kCPU); },
              ::testing::ThrowsMessage<ConfigError>(
                  ::testing::HasSubstr("the training items only have texts or vectors")));
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
