#include "datasets/esc50/esc50.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using earshot::DataError;
using earshot::Options;
using earshot::Path;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// A folder of the dataset, with empty files.
class Esc50 : public testing::Test {
 protected:
  void put(const fs::path& name, const std::string& text = "") {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  void put_table(const std::string& rows) {
    put("meta/esc50.csv", "filename,fold,target,category,esc10,src_file,take\n" + rows);
  }
  esc50::Esc50 open(const std::string& subset = "esc50") const {
    return {Options(esc50::Esc50::options(), {{"root", Path{root_}}, {"subset", subset}}),
            {.device = at::kCPU}};
  }

  earshot::testing::TemporaryFolder folder_{};
  const fs::path root_ = folder_ / "root";
};

TEST_F(Esc50, reads_the_table_and_finds_files_with_any_extension) {
  put("audio/1-100-A-10.ogg");
  put("audio/2-200-B-0.flac");
  put("audio/5-300-A-14.wav");
  put_table(
      "1-100-A-10.wav,1,10,rain,True,100,A\n"
      "5-300-A-14.wav,5,14,chirping_birds,False,300,A\n"
      "2-200-B-0.wav,2,0,dog,True,200,B\n");
  const auto dataset = open();
  ASSERT_EQ(dataset.size(), 3);
  EXPECT_EQ(dataset.labels().at(0).classes.size(), 50U);
  const auto dog = dataset.item(0), rain = dataset.item(1), birds = dataset.item(2);
  EXPECT_EQ(dog.id, "2-200-B-0");
  EXPECT_EQ(dog.fold, 2);
  EXPECT_EQ(dog.clips.front().file, root_ / "audio/2-200-B-0.flac");
  EXPECT_EQ(rain.groups.at("clip"), "100");
  EXPECT_EQ(rain.labels.at("class"), earshot::Label(std::string("rain")));
  EXPECT_EQ(birds.labels.at("major"), earshot::Label(std::string("natural")));

  const auto ten = open("esc10");
  EXPECT_EQ(ten.size(), 2);
  EXPECT_THAT(ten.labels().at(0).classes,
              ElementsAre("dog", "rain", "sea_waves", "crying_baby", "clock_tick", "sneezing",
                          "helicopter", "chainsaw", "rooster", "crackling_fire"));
}

TEST_F(Esc50, reads_the_folders_of_the_first_release) {
  put("001 - Dog bark/3-30226-A.ogg");
  put("010 - Fire crackling/1-17150-B.ogg");
  put("105 - Frog/2-44-A.ogg");
  put("README.md");
  const auto ten = open("esc10");
  ASSERT_EQ(ten.size(), 2);
  EXPECT_EQ(ten.item(1).labels.at("class"), earshot::Label(std::string("crackling_fire")));
  EXPECT_EQ(ten.item(0).fold, 3);
  EXPECT_EQ(ten.item(0).groups.at("clip"), "30226");
  const auto fifty = open();
  ASSERT_EQ(fifty.size(), 1);
  EXPECT_EQ(fifty.item(0).labels.at("class"), earshot::Label(std::string("frog")));
}

TEST_F(Esc50, says_what_is_wrong_in_which_line) {
  const auto expect = [&](const std::string& message) {
    EXPECT_THAT([&] { open(); }, ThrowsMessage<DataError>(HasSubstr(message)));
  };
  expect("is not a folder");
  put("audio/1-100-A-10.ogg");
  expect("contains neither meta/esc50.csv nor folders");
  put_table("1-100-A-10.wav,1,10,rain,True,100,A\n1-101-A-10.wav,1,10,rain,True,101,A\n");
  expect("esc50.csv:3: '1-101-A-10.wav' is not in");
  put_table("1-100-A-10.wav,6,10,rain,True,100,A\n");
  expect("esc50.csv:2: fold is 6; allowed: 1 to 5");
  put_table("1-100-A-10.wav,1,ten,rain,True,100,A\n");
  expect("esc50.csv:2: target is 'ten'; expected an integer");
  put_table("1-100-A-10.wav,1,10,rain\n");
  expect("esc50.csv:2: has 4 fields; expected 7");
  put_table("1-100-A-10.wav,1,10,rain,True,1,A\n1-100-A-10.ogg,1,10,rain,True,1,A\n");
  expect("esc50.csv:3: names '1-100-A-10.ogg' again");
  put("meta/esc50.csv", "filename,fold\n");
  expect("has no column 'target'");
}

}  // namespace
