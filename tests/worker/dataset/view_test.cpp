#include "worker/dataset/view.hpp"

#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <unistd.h>

#include "../plugin/fixture_plugins.hpp"
#include "protocol/hash.hpp"
#include "worker/dataset/listing.hpp"
#include "worker/plugin/inputs.hpp"

namespace earshot::worker {
namespace {

using protocol::Json;
using testing::HasSubstr;

protocol::DatasetRef many(Json changed = Json::object()) {
  Json options{{"items", 100}, {"folds", 0}, {"group_size", 1}, {"clips", 1000}, {"file", ""}};
  options.update(changed);
  return {.component = {fixture_plugin("many_items").string(), "it", options}, .key = "abc"};
}

std::vector<std::int64_t> positions(const DatasetView& view, Split split) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < view.size(split); ++i)
    all.push_back(view.position(split, i));
  return all;
}

TEST(DatasetView, has_the_splits_as_given) {
  const DatasetView view(many());
  EXPECT_EQ(view.size(Split::train), 60);
  EXPECT_EQ(view.size(Split::validation), 0);
  EXPECT_EQ(view.size(Split::test), 40);
  EXPECT_EQ(view.position(Split::test, 4), 16);
  EXPECT_EQ(view.item(Split::test, 4).id, "item16");
  EXPECT_THROW(view.position(Split::test, 40), ContractError);
}

TEST(DatasetView, tests_a_fold_and_trains_on_the_others) {
  auto ref = many({{"folds", 5}});
  std::set<std::int64_t> tested;
  for (ref.fold = 1; ref.fold <= 5; ++ref.fold) {
    const DatasetView view(ref);
    EXPECT_EQ(view.size(Split::test), 20);
    EXPECT_EQ(view.size(Split::train), 80);
    for (const auto position : positions(view, Split::test)) {
      EXPECT_EQ(position % 5, ref.fold - 1);
      EXPECT_TRUE(tested.insert(position).second) << position << " is tested twice";
    }
  }
  EXPECT_EQ(tested.size(), 100U);
}

TEST(DatasetView, refuses_a_fold_that_is_not_there) {
  auto ref = many({{"folds", 5}});
  ref.fold = 6;
  EXPECT_THROW(DatasetView{ref}, ConfigError);
  ref = many();
  ref.fold = 1;
  EXPECT_THROW(DatasetView{ref}, ConfigError);
}

TEST(DatasetView, moves_whole_groups_to_validation_and_always_the_same) {
  auto ref = many({{"items", 1000}, {"group_size", 10}});
  ref.validation = 0.2;
  const DatasetView view(ref), again(ref);
  EXPECT_EQ(view.size(Split::train) + view.size(Split::validation), 600);
  EXPECT_NEAR(static_cast<double>(view.size(Split::validation)), 120, 6);
  std::set<std::string> train, validation;
  for (std::int64_t i = 0; i < view.size(Split::train); ++i)
    train.insert(view.item(Split::train, i).groups.at("clip"));
  for (std::int64_t i = 0; i < view.size(Split::validation); ++i)
    validation.insert(view.item(Split::validation, i).groups.at("clip"));
  for (const auto& group : validation)
    EXPECT_FALSE(train.contains(group)) << group;
  EXPECT_EQ(positions(view, Split::validation), positions(again, Split::validation));
  ref.key = "another dataset";
  EXPECT_NE(positions(view, Split::validation), positions(DatasetView(ref), Split::validation));
}

TEST(DatasetView, limits_each_split_to_items_from_all_of_it) {
  auto ref = many({{"items", 1000}});
  ref.limit = 20;
  const DatasetView view(ref);
  const auto train = positions(view, Split::train);
  ASSERT_EQ(train.size(), 20U);
  std::set<std::int64_t> last_digits;
  for (std::size_t i = 0; i < train.size(); ++i) {
    EXPECT_EQ(train[i] / 50, static_cast<std::int64_t>(i)) << "one of each 30 training items";
    last_digits.insert(train[i] % 10);
  }
  EXPECT_GT(last_digits.size(), 3U) << "not in step with classes that take turns";
  EXPECT_EQ(train, positions(DatasetView(ref), Split::train));
  EXPECT_EQ(view.size(Split::test), 20);
  EXPECT_EQ(view.clips().size(), 40U);
}

TEST(DatasetView, has_no_clips_of_items_beyond_the_limit) {
  auto ref = many();
  ref.limit = 6;
  const DatasetView view(ref);
  std::set<std::int64_t> used;
  for (const auto split : {Split::train, Split::test})
    for (const auto position : positions(view, split))
      used.insert(position);
  for (std::int64_t position = 0; position < 100; ++position)
    EXPECT_EQ(view.clip_number(position, 0) >= 0, used.contains(position));
}

TEST(DatasetView, shuffles_labels_of_training_items_and_leaves_test_items_alone) {
  auto ref = many();
  ref.validation = 0.25;
  ref.shuffle_labels = true;
  const DatasetView view(ref), again(ref);
  std::multiset<double> shown, own;
  std::int64_t moved = 0;
  for (const auto split : {Split::train, Split::validation})
    for (std::int64_t i = 0; i < view.size(split); ++i) {
      const auto number = std::get<double>(view.item(split, i).labels.at("number"));
      shown.insert(number);
      own.insert(static_cast<double>(view.position(split, i)));
      moved += number != static_cast<double>(view.position(split, i)) ? 1 : 0;
      EXPECT_EQ(number, std::get<double>(again.item(split, i).labels.at("number")));
    }
  EXPECT_EQ(shown, own) << "labels change places, none is lost";
  EXPECT_GT(moved, 50);
  for (std::int64_t i = 0; i < view.size(Split::test); ++i)
    EXPECT_EQ(std::get<double>(view.item(Split::test, i).labels.at("number")),
              static_cast<double>(view.position(Split::test, i)));
}

TEST(DatasetView, names_the_nearest_label) {
  const DatasetView view(many());
  EXPECT_EQ(view.label("number").unit, "s");
  try {
    view.label("numbre");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'number'?"));
  }
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("earshot_view_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
               std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "sound.wav") << "some bytes";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(Files, clips_that_are_shared_are_one) {
  const DatasetView view(
      many({{"file", (folder_ / "sound.wav").string()}, {"clips", 7}, {"items", 50}}));
  EXPECT_EQ(view.clips().size(), 7U);
  EXPECT_EQ(view.clip_number(0, 0), view.clip_number(7, 0));
  EXPECT_NE(view.clip_number(0, 0), view.clip_number(1, 0));
  EXPECT_EQ(view.clip_number(0, 1), -1);
}

TEST_F(Files, identity_is_content_and_stretch_not_place) {
  std::filesystem::copy_file(folder_ / "sound.wav", folder_ / "copy.wav");
  const DatasetView one(many({{"file", (folder_ / "sound.wav").string()}}));
  const DatasetView other(many({{"file", (folder_ / "copy.wav").string()}}));
  EXPECT_EQ(one.clips()[3].identity, other.clips()[3].identity);
  EXPECT_NE(one.clips()[3].identity, one.clips()[4].identity);
}

/// A reference to one file, with the host's list.
protocol::DatasetRef listed(const std::filesystem::path& file, const std::filesystem::path& list,
                            std::vector<protocol::ListedFile> files) {
  auto ref = many({{"file", file.string()}});
  ref.file_hashes = list.string();
  ref.files_digest = protocol::content_digest(files);
  std::ofstream(list, std::ios::binary) << protocol::list_bytes(files);
  return ref;
}

TEST_F(Files, hashes_of_the_host_give_the_same_identity) {
  const auto sound = folder_ / "sound.wav";
  const auto hash = protocol::sha256(std::string_view("some bytes"));
  const DatasetView hashed_here(many({{"file", sound.string()}}));
  const DatasetView view(listed(sound, folder_ / "list", {{sound, hash, {}}}));
  EXPECT_EQ(view.clips()[0].identity, hashed_here.clips()[0].identity);
  EXPECT_EQ(view.planned(view.clips()[0])->sha256, hash);
}

TEST_F(Files, of_another_number_or_name_than_planned_are_refused) {
  const auto sound = folder_ / "sound.wav";
  const auto hash = protocol::sha256(std::string_view("some bytes"));
  for (const std::vector<protocol::ListedFile>& files :
       {std::vector<protocol::ListedFile>{{sound, hash, {}}, {sound, hash, {}}},
        std::vector<protocol::ListedFile>{{folder_ / "sound.ogg", hash, {}}}})
    try {
      DatasetView{listed(sound, folder_ / "list", files)};
      FAIL() << "no error";
    } catch (const FileChanged& error) {
      EXPECT_THAT(error.what(), HasSubstr("changed while the experiment ran; run again"));
    }
}

TEST_F(Files, are_hashed_here_where_the_list_is_damaged_and_compared_with_what_was_planned) {
  const auto sound = folder_ / "sound.wav";
  auto ref = listed(sound, folder_ / "list",
                    {{sound, protocol::sha256(std::string_view("some bytes")), {}}});
  const auto planned = DatasetView(ref).clips()[0].identity;
  std::ofstream(ref.file_hashes) << "damaged";
  EXPECT_EQ(DatasetView(ref).clips()[0].identity, planned);
  std::ofstream(sound) << "other bytes";
  EXPECT_THROW(DatasetView{ref}, FileChanged);
}

// Regression: files that could not be hashed all had the hash 0.
TEST_F(Files, that_cannot_be_read_have_identities_of_their_own) {
  const DatasetView one(many({{"file", (folder_ / "missing.wav").string()}}));
  const DatasetView other(many({{"file", (folder_ / "gone.wav").string()}}));
  EXPECT_EQ(one.clips()[0].identity.size(), 64U);
  EXPECT_NE(one.clips()[0].identity, other.clips()[0].identity);
  EXPECT_FALSE(one.planned(one.clips()[0])->readable());
}

TEST(DatasetView, refuses_items_that_are_not_those_that_were_planned) {
  auto ref = many();
  const DatasetView any(ref);
  ref.items_hash = list_dataset(any.dataset(), [](const auto&) {}).items_hash;
  EXPECT_EQ(DatasetView(ref).size(Split::train), 60);
  ref.component.options["group_size"] = 2;
  try {
    DatasetView{ref};
    FAIL() << "no error";
  } catch (const FileChanged& error) {
    EXPECT_THAT(error.what(), HasSubstr("its items changed"));
    EXPECT_EQ(error.kind(), Error::Kind::data);
  }
}

std::int64_t resident_bytes() {
  std::ifstream stream("/proc/self/statm");
  std::int64_t size = 0, resident = 0;
  stream >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

TEST_F(Files, a_million_items_take_little_memory) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer keeps freed memory";
#endif
  const auto before = resident_bytes();
  auto ref = many({{"items", 1'000'000}, {"file", (folder_ / "sound.wav").string()}});
  ref.shuffle_labels = true;
  const DatasetView view(ref);
  EXPECT_EQ(view.size(Split::train), 600'000);
  EXPECT_LT(resident_bytes() - before, 150 << 20);
}

TEST(DatasetView, knows_synthesized_clips_that_items_share) {
  const std::filesystem::path plugin = EARSHOT_BUILD_DIR "/lib/earshot/plugins/scenes.so";
  if (!std::filesystem::exists(plugin)) GTEST_SKIP() << "scenes is not built";
  const Json options{
      {"clips", 24}, {"world", 0}, {"sample_rate", 16000}, {"seconds", 0.5}, {"per_category", 1}};
  protocol::DatasetRef ref{.component = {plugin.string(), "scene_questions", options}, .key = "k"};
  const DatasetView all(ref);
  EXPECT_EQ(all.dataset().size(), 24 * 7);
  EXPECT_EQ(all.clips().size(), 24U);
  EXPECT_EQ(all.clip_number(0, 0), all.clip_number(6, 0));
  std::map<std::int64_t, std::string> identities;
  for (const auto& clip : all.clips())
    identities[clip.clip_info.shared] = clip.identity;
  ref.limit = 3;  // other items come first, with the same clips
  const DatasetView limited(ref);
  for (const auto& clip : limited.clips())
    EXPECT_EQ(clip.identity, identities.at(clip.clip_info.shared));
}

}  // namespace
}  // namespace earshot::worker
