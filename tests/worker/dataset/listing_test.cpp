#include "worker/dataset/listing.hpp"

#include <functional>
#include <set>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include "worker/dataset/records.hpp"

namespace earshot::worker {
namespace {

using protocol::Json;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// Items given by a test.
class Listed : public Dataset {
 public:
  Listed() {
    for (int i = 0; i < 4; ++i)
      items.push_back({.id = "i" + std::to_string(i),
                       .split = i < 2 ? Split::train : Split::test,
                       .groups = {{"clip", i < 2 ? "a" : "b"}},
                       .slices = {{"category", "dogs"}},
                       .clips = {Clip{.file = i % 2 == 0 ? "even.wav" : "odd.wav"}},
                       .labels = {{"kind", std::string("x")}}});
  }
  std::int64_t size() const override { return static_cast<std::int64_t>(items.size()); }
  std::vector<LabelSpec> labels() const override { return specs; }
  Item item(std::int64_t index) const override { return items[static_cast<std::size_t>(index)]; }
  std::map<SliceRole, std::string> slice_roles() const override { return roles; }

  std::vector<Item> items{};
  std::map<SliceRole, std::string> roles{};
  std::vector<LabelSpec> specs{
      {.name = "kind", .type = std::string(), .classes = {"x", "y"}},
      {.name = "level", .type = 0.0, .unit = "dB"},
      {.name = "tags", .type = std::vector<std::string>(), .classes = {"u", "v"}}};
};

protocol::DatasetInfo list(const Dataset& dataset) {
  return list_dataset(dataset, [](const std::string&) {});
}

std::string refusal(const std::function<void(Listed&)>& change) {
  Listed dataset;
  change(dataset);
  try {
    list(dataset);
  } catch (const ContractError& error) {
    return error.what();
  }
  return "no error";
}

// Regression: a negative size ended as a std::length_error that named nothing.
TEST(Listing, refuses_a_negative_size) {
  class Negative : public Listed {
    std::int64_t size() const override { return -5; }
  };
  EXPECT_THAT([] { list_dataset(Negative(), [](const auto&) {}); },
              ThrowsMessage<ContractError>("the dataset's size() is -5; expected 0 or more"));
}

// Regression: a slice dimension called "all" collided with the slice of all items and ended the
// whole run.
TEST(Listing, refuses_the_slice_that_is_all_items_together) {
  EXPECT_THAT(refusal([](Listed& d) {
                d.items[2].slices = {{"all", "all"}};
              }),
              HasSubstr("item 2 'i2': slice dimension 'all', which is reserved for all"));
  EXPECT_THAT(refusal([](Listed& d) {
                d.items[0].slices = {{"all", "some"}};
              }),
              HasSubstr("choose another name"));
  EXPECT_THAT(refusal([](Listed& d) {
                d.items[0].slices = {{"category", "caf\xE9"}};
              }),
              HasSubstr("item 0 'i0': slice dimension 'category' has a value that is not UTF-8"));
  EXPECT_THAT(refusal([](Listed& d) {
                d.items[0].slices = {{"category", {"a\0b", 3}}};
              }),
              HasSubstr("or contains a NUL character"));
  EXPECT_EQ(refusal([](Listed& d) {
              d.items[0].slices = {{"category", "caf\u00E9"}};
            }),
            "no error");
  EXPECT_EQ(refusal([](Listed& d) { d.items[0].slices = {{"category", "all"}}; }), "no error");
  EXPECT_EQ(refusal([](Listed& d) { d.items[0].groups = {{"all", "all"}}; }), "no error");
}

TEST(Listing, checks_vectors_against_the_size_that_their_label_declares) {
  const auto with = [](const at::Tensor& values) {
    return refusal([&](Listed& d) {
      d.specs.push_back({.name = "voxels", .type = Vector(), .size = 3});
      d.items[1].labels["voxels"] = Vector{values};
    });
  };
  EXPECT_EQ(with(at::ones({3})), "no error");
  EXPECT_THAT(with(at::ones({4})), HasSubstr("label 'voxels' is [4] Float; expected float32 [3]"));
  EXPECT_THAT(with(at::ones({3}, at::kDouble)), HasSubstr("expected float32 [3]"));
  EXPECT_THAT(with(at::ones({3, 3}).select(1, 0)), HasSubstr("contiguous"));
  EXPECT_THAT(with({}), HasSubstr("label 'voxels' is undefined"));
  EXPECT_THAT(with(at::full({3}, NAN)), HasSubstr("not finite"));
  EXPECT_THAT(refusal([](Listed& d) { d.specs.push_back({.name = "voxels", .type = Vector()}); }),
              HasSubstr("label 'voxels' is a vector of size 0; expected 1 or more"));
  EXPECT_THAT(refusal([](Listed& d) { d.specs[1].size = 2; }),
              HasSubstr("label 'level' is a number of size 2"));
}

TEST(Listing, knows_datasets_apart_by_the_values_of_their_vectors) {
  const auto hash = [](float value) {
    Listed dataset;
    dataset.specs.push_back({.name = "voxels", .type = Vector(), .size = 2});
    dataset.items[0].labels["voxels"] = Vector{at::tensor({1.F, value})};
    return list(dataset).items_hash;
  };
  EXPECT_EQ(hash(2), hash(2));
  EXPECT_NE(hash(2), hash(3));
}

// Regression: a vector was recorded as the text "2 values", which the results file took for a class
// that no prediction equals.
TEST(Listing, describes_a_vector_by_its_shape_which_is_no_class) {
  EXPECT_EQ(to_json(Label(Vector{at::ones({2})})), Json::array({2}));
}

TEST(Listing, counts_splits_slices_groups_and_gives_each_file_once) {
  std::vector<std::string> files;
  const auto info = list_dataset(Listed(), [&](const std::string& file) { files.push_back(file); });
  EXPECT_THAT(files, ElementsAre("even.wav", "odd.wav"));
  EXPECT_EQ(info.items, 4);
  EXPECT_EQ(info.train, 2);
  EXPECT_EQ(info.validation, 0);
  EXPECT_EQ(info.test, 2);
  EXPECT_EQ(info.slices.at("category").at("dogs"), 4);
  EXPECT_EQ(info.groups.at("clip"), 2);
  EXPECT_EQ(info.labels[1].type, "number");
  EXPECT_EQ(info.labels[1].unit, "dB");
  EXPECT_FALSE(info.synthesized);
}

TEST(Listing, names_the_slices_that_have_a_role) {
  Listed dataset;
  EXPECT_TRUE(list(dataset).slice_roles.empty());
  const auto hash = list(dataset).items_hash;
  dataset.roles = {{SliceRole::answer_origin, "category"}};
  EXPECT_EQ(list(dataset).slice_roles.at("answer_origin"), "category");
  EXPECT_EQ(list(dataset).items_hash, hash) << "a role changes no result";
  for (const auto* name : {"", "Gold From", "all"})
    EXPECT_THAT(refusal([&](Listed& d) {
                  d.roles = {{SliceRole::answer_origin, name}};
                }),
                HasSubstr("slice_roles(): slice dimension '" + std::string(name) +
                          "' for the role 'answer_origin'; allowed: [a-z0-9_]+, except 'all'"));
}

TEST(Listing, hashes_items_but_not_where_their_files_lie) {
  Listed here, there;
  for (auto& item : there.items)
    item.clips[0].file = "/elsewhere" / item.clips[0].file;
  EXPECT_EQ(list(here).items_hash, list(there).items_hash);
}

TEST(Listing, hash_changes_with_every_field_of_an_item) {
  Listed folded;
  for (auto& item : folded.items)
    item.fold = 1;
  const auto before = list(folded).items_hash;
  const std::vector<std::function<void(Item&)>> changes{
      [](Item& i) { i.id = "other"; },
      [](Item& i) { i.split = Split::validation; },
      [](Item& i) { i.fold = 2; },
      [](Item& i) { i.groups["clip"] = "c"; },
      [](Item& i) { i.groups["room"] = "a"; },
      [](Item& i) { i.slices["category"] = "cats"; },
      [](Item& i) { i.labels["kind"] = std::string("y"); },
      [](Item& i) { i.labels["level"] = 1.5; },
      [](Item& i) { i.labels.clear(); },
      [](Item& i) { i.clips[0].start = 0.5; },
      [](Item& i) { i.clips[0].duration = 0.5; },
      [](Item& i) { i.clips[0].file = "odd.wav"; },
      [](Item& i) { i.clips.push_back({.file = "odd.wav"}); },
      [](Item& i) {
        i.question = Question{"What?", {"a", "b"}, {"a"}};
      }};
  std::set<std::string> hashes{before};
  for (const auto& change : changes) {
    auto dataset = folded;
    change(dataset.items[0]);
    hashes.insert(list(dataset).items_hash);
  }
  EXPECT_EQ(hashes.size(), changes.size() + 1);
}

TEST(Listing, hash_tells_texts_apart_that_join_to_the_same) {
  Listed one, other;
  one.items[0].groups = {{"clip", "ab"}, {"room", "c"}};
  other.items[0].groups = {{"clip", "a"}, {"room", "bc"}};
  EXPECT_NE(list(one).items_hash, list(other).items_hash);
}

TEST(Listing, refuses_two_items_of_one_id) {
  EXPECT_EQ(refusal([](Listed& d) { d.items[3].id = "i1"; }),
            "items 1 and 3 have the id 'i1'; ids must differ");
}

TEST(Listing, names_the_item_that_breaks_a_rule) {
  EXPECT_EQ(refusal([](Listed& d) { d.items[2].clips.clear(); }),
            "item 2 'i2': 0 clips; expected one or two");
  EXPECT_THAT(refusal([](Listed& d) { d.items[1].labels["kind"] = std::string("z"); }),
              HasSubstr("item 1 'i1': label 'kind' is 'z', which is not among its 2 classes"));
  EXPECT_THAT(refusal([](Listed& d) { d.items[1].labels["kind"] = 3.0; }),
              HasSubstr("label 'kind' is a number; labels() says class"));
  EXPECT_THAT(refusal([](Listed& d) { d.items[1].labels["sort"] = 3.0; }),
              HasSubstr("label 'sort' is not in the dataset's labels()"));
  EXPECT_THAT(refusal([](Listed& d) { d.items[1].labels["level"] = std::nan(""); }),
              HasSubstr("label 'level' is not finite"));
  EXPECT_THAT(refusal([](Listed& d) { d.items[0].fold = -1; }), HasSubstr("fold is -1"));
  EXPECT_THAT(refusal([](Listed& d) { d.items[0].clips[0].start = -1; }),
              HasSubstr("starts at -1"));
  EXPECT_THAT(refusal([](Listed& d) { d.items[0].groups["Room"] = "a"; }),
              HasSubstr("group dimension 'Room'"));
}

TEST(Listing, refuses_text_that_is_no_utf8) {
  const std::string latin =
      "K\xfc"
      "che";
  EXPECT_THAT(refusal([&](Listed& d) {
                d.specs[0].classes = {"x", "y", latin};
              }),
              HasSubstr("which is not UTF-8"));
  EXPECT_THAT(refusal([&](Listed& d) {
                d.specs[2].classes = {"u", "v", "\xc0\xaf"};
              }),
              HasSubstr("label 'tags' has the class"));
  EXPECT_THAT(refusal([&](Listed& d) {
                d.specs.push_back({.name = "caption", .type = std::string()});
                d.items[0].labels["caption"] = "cut off \xe2\x82";
              }),
              HasSubstr("item 0 'i0': a label is"));
  EXPECT_THAT(refusal([&](Listed& d) {
                d.items[0].question = Question{"Where?", {latin, "hall"}, {"hall"}};
              }),
              HasSubstr("a choice is"));
}

TEST(Listing, looks_for_the_nearest_class_only_where_one_is_wrong) {
  Listed dataset;
  for (const char letter : {'a', 'b', 'c'})  // a distance between two of them would take hours
    dataset.specs[0].classes.emplace_back(5'000'000, letter);
  dataset.items.front().labels["kind"] = dataset.specs[0].classes.back();
  EXPECT_EQ(list(dataset).items, 4);
  const std::string unknown(5'000'000, 'd');
  dataset.items.front().labels["kind"] = unknown;
  EXPECT_THROW(list(dataset), ContractError);
}

TEST(Listing, refuses_a_question_whose_answer_is_no_choice_or_missing) {
  EXPECT_THAT(refusal([](Listed& d) {
                d.items[0].question = Question{"What?", {"dog", "cat"}, {"cow"}};
              }),
              HasSubstr("answer 'cow' is not among the choices: 'dog', 'cat'"));
  EXPECT_THAT(refusal([](Listed& d) {
                d.items[0].question = Question{"What?", {}, {}};
              }),
              HasSubstr("the question has no answer"));
}

TEST(Listing, refuses_a_test_item_without_a_fold_beside_folds) {
  EXPECT_THAT(refusal([](Listed& d) { d.items[2].fold = 1; }),
              HasSubstr("item 'i3' is a test item of fold 0"));
}

TEST(Listing, takes_text_that_is_no_class) {
  Listed dataset;
  dataset.specs.push_back({.name = "caption", .type = std::string()});
  dataset.items[0].labels["caption"] = std::string("whatever");
  EXPECT_EQ(list(dataset).labels.back().type, "text");
}

TEST(Listing, refuses_sets_without_classes_and_numbers_with_some) {
  EXPECT_THAT(refusal([](Listed& d) { d.specs[2].classes.clear(); }),
              HasSubstr("label 'tags' is a set with 0 classes"));
  EXPECT_THAT(refusal([](Listed& d) { d.specs[1].classes = {"a"}; }),
              HasSubstr("label 'level' is a number with 1 classes"));
  EXPECT_THAT(refusal([](Listed& d) { d.specs[1].name = "kind"; }),
              HasSubstr("two labels named 'kind'"));
}

}  // namespace
}  // namespace earshot::worker
