#include "worker/plugin/text_dataset.hpp"

#include <gmock/gmock.h>

namespace earshot::worker {
namespace {

/// Has no items, but leaves out a row of a table whose name is not UTF-8, and has a slice with a
/// role.
class WithoutItems final : public Dataset {
 public:
  std::int64_t size() const override { return 0; }
  std::vector<LabelSpec> labels() const override { return {}; }
  Item item(std::int64_t) const override { return {}; }
  LeftOutRows left_out() const override {
    LeftOutRows rows;
    rows.add("caf\xe9.csv:2", "the question has no text");
    return rows;
  }
  std::map<SliceRole, std::string> slice_roles() const override {
    return {{SliceRole::answer_origin, "heard"}};
  }
};

/// The component without_items, as the host gets it.
std::shared_ptr<void> made_with_texts(Component& texts) {
  Component component{.kind = Dataset::contract, .name = "without_items"};
  component.faces[Dataset::contract] = [](void* object) -> void* {
    return static_cast<Dataset*>(static_cast<WithoutItems*>(object));
  };
  component.make = [](const Options&, const Context&) { return std::make_shared<WithoutItems>(); };
  texts = with_texts(component);
  return texts.make(Options({}, {}), {.device = c10::kCPU});
}

TEST(TextDataset, gives_rows_that_are_left_out_as_texts) {
  Component texts;
  const auto object = made_with_texts(texts);
  const auto rows = texts.as<Dataset>(object)->left_out();
  EXPECT_EQ(rows.count, 1);
  EXPECT_THAT(rows.examples, ::testing::ElementsAre("caf\\xE9.csv:2: the question has no text"));
}

TEST(TextDataset, keeps_the_roles_of_slices) {
  Component texts;
  const auto object = made_with_texts(texts);
  EXPECT_EQ(texts.as<Dataset>(object)->slice_roles().at(SliceRole::answer_origin), "heard");
}

}  // namespace
}  // namespace earshot::worker
