#include "host/weights/lookup.hpp"

#include <gmock/gmock.h>

#include "environment.hpp"
#include "files.hpp"
#include "host/base/failure.hpp"
#include "temporary_folder.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
using earshot::testing::write;
using ::testing::HasSubstr;

constexpr const char* commit = "89abcdef0123456789abcdef0123456789abcdef";

/// A cache as left by huggingface_hub's snapshot_download().
class PythonCache : public ::testing::Test {
 protected:
  void add(const std::string& name, const std::string& etag, const std::string& content = "x") {
    write(repository_ / "blobs" / etag, content);
    const auto link = repository_ / "snapshots" / commit / name;
    fs::create_directories(link.parent_path());
    auto way = fs::path("..") / ".." / "blobs" / etag;
    for (auto left = std::count(name.begin(), name.end(), '/'); left > 0; --left)
      way = ".." / way;
    fs::create_symlink(way, link);
  }
  void refer(const std::string& revision) { write(repository_ / "refs" / revision, commit); }
  Weights find(const std::string& source) {
    const earshot::testing::Environment environment({{"HF_HUB_CACHE", folder_.path().string()}});
    return find_weights(source, "/");
  }

  earshot::testing::TemporaryFolder folder_{};
  fs::path repository_ = folder_ / "models--owner--repo";
  fs::path snapshot_ = repository_ / "snapshots" / commit;
};

TEST_F(PythonCache, has_a_repository_and_a_file_of_it) {
  refer("main");
  add("config.json", "c0");
  add("model.safetensors", "a0");
  add("README.md", "b0");
  add("sub/w.pth", "d0");
  const auto whole = find("hf://owner/repo");
  EXPECT_EQ(whole.missing, "");
  EXPECT_EQ(whole.path, snapshot_.string());
  EXPECT_THAT(whole.files,
              ::testing::ElementsAre(snapshot_ / "config.json", snapshot_ / "model.safetensors"));
  EXPECT_EQ(find("hf://owner/repo/sub/w.pth").path, (snapshot_ / "sub/w.pth").string());
}

TEST_F(PythonCache, has_revisions_by_name_and_by_commit) {
  refer("refs/pr/3");
  add("model.safetensors", "a0");
  EXPECT_EQ(find("hf://owner/repo@refs/pr/3").path, snapshot_.string());
  EXPECT_EQ(find(std::string("hf://owner/repo@") + commit).path, snapshot_.string());
  EXPECT_EQ(find("hf://owner/repo").missing,
            "'hf://owner/repo' is not in the local Hugging Face cache, " + folder_.path().string());
  EXPECT_THAT(find("hf://owner/repo@v2").missing, HasSubstr("'hf://owner/repo@v2' is not in"));
}

TEST_F(PythonCache, has_partial_weights_until_all_shards_are_there) {
  refer("main");
  add("config.json", "c0");
  EXPECT_THAT(find("hf://owner/repo").missing, HasSubstr("incomplete"));
  add("model.safetensors.index.json", "e0", R"({"weight_map": {"x": "1.safetensors",
                                                               "y": "2.safetensors"}})");
  add("1.safetensors", "f1");
  EXPECT_THAT(find("hf://owner/repo").missing,
              HasSubstr("names '2.safetensors', which is missing"));
  add("2.safetensors", "f2");
  EXPECT_EQ(find("hf://owner/repo").missing, "");
  fs::remove(repository_ / "blobs" / "f2");
  EXPECT_THAT(find("hf://owner/repo").missing, HasSubstr("2.safetensors"));
}

TEST_F(PythonCache, is_found_whatever_is_wrong_with_the_settings_of_the_network) {
  refer("main");
  add("model.safetensors", "a0");
  const earshot::testing::Environment environment({{"HF_HUB_CACHE", folder_.path().string()},
                                                   {"HF_ENDPOINT", "not the address"},
                                                   {"HF_TOKEN", "tokens do not have"}});
  EXPECT_EQ(find_weights("hf://owner/repo", "/").path, snapshot_.string());
}

TEST_F(PythonCache, cannot_be_left_through_the_content_of_a_ref) {
  write(folder_ / "model.safetensors", "x");
  write(repository_ / "refs" / "main", "../../..");
  EXPECT_THAT(find("hf://owner/repo").missing, HasSubstr("is not in the local"));
}

TEST(Weights, may_be_a_path_or_random) {
  const earshot::testing::TemporaryFolder folder;
  write(folder / "w/model.bin", "x");
  const auto file = find_weights("w/model.bin", folder.path().string());
  EXPECT_EQ(file.path, (folder / "w/model.bin").string());
  EXPECT_THAT(file.files, ::testing::ElementsAre(folder / "w/model.bin"));
  write(folder / "w/config.json", "{}");
  EXPECT_THAT(find_weights("w/model.bin", folder.path().string()).files,
              ::testing::ElementsAre(folder / "w/config.json", folder / "w/model.bin"));
  EXPECT_EQ(find_weights("w", folder.path().string()).path, (folder / "w").string());
  EXPECT_EQ(find_weights("w/no.bin", folder.path().string()).missing,
            "there is no file '" + (folder / "w/no.bin").string() + "'");
  EXPECT_EQ(find_weights("random", "/").path, "");
  EXPECT_EQ(find_weights("random", "/").missing, "");
  EXPECT_THROW(find_weights("hf://owner", "/"), Failure);
}

}  // namespace
}  // namespace earshot::host
