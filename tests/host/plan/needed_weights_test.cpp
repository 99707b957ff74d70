#include "host/plan/needed_weights.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* one_encoder = "encoder = ['mel']\ntask = ['probe']\n";

/// A separate Hugging Face cache for the test.
class HubWeights : public ::testing::Test {
 protected:
  HubWeights() {
    const char* cache = ::getenv("HF_HUB_CACHE");
    if (cache != nullptr) before_ = cache;
    ::setenv("HF_HUB_CACHE", (world.folder / "hub").c_str(), 1);
  }
  ~HubWeights() override {
    before_.empty() ? ::unsetenv("HF_HUB_CACHE") : ::setenv("HF_HUB_CACHE", before_.c_str(), 1);
  }
  void add(const std::string& name, const std::string& text) {
    const std::string repository = "hub/models--owner--repo/";
    world.folder.write(repository + "refs/main", "0123");
    world.folder.write(repository + "snapshots/0123/" + name, text);
  }
  PlannedCell cell(const std::string& source, const Overrides& overrides = {}) {
    return world
        .plan(std::string(one_encoder) + "[encoder.mel.options]\nweights = '" + source + "'\n",
              overrides)
        .cells.at(0);
  }
  std::vector<NeededWeights> needed(const std::string& end, const Overrides& overrides = {}) {
    const auto experiment =
        parse_experiment((world.folder / "x.toml").string(), overrides,
                         [&](const std::string&) { return World::text() + end; });
    HashCache hashes(world.folder / "cache");
    const Catalog catalog(world.files, world.queries, hashes);
    return needed_weights(experiment, overrides, catalog, world.queries, hashes,
                          world.folder / "cache");
  }

  World world{};

 private:
  std::string before_{};
};

TEST_F(HubWeights, that_are_missing_skip_the_cell_with_the_command_that_gets_them) {
  EXPECT_THAT(cell("hf://owner/repo").reason,
              HasSubstr("; 'runner weights " + (world.folder / "x.toml").string() +
                        " --get' downloads it"));
  Overrides overrides;
  overrides.set = {"encoder.mel.options.weights=hf://owner/other"};
  EXPECT_THAT(cell("random", overrides).reason,
              HasSubstr(" --get --set encoder.mel.options.weights=hf://owner/other' downloads it"));
}

TEST_F(HubWeights, enter_the_key_by_the_files_that_are_read) {
  add("model.safetensors", "numbers");
  add("config.json", "{}");
  const auto key = cell("hf://owner/repo").key;
  EXPECT_NE(key, "");
  add("README.md", "a card that came later");
  add("pytorch_model.bin", "another format");
  EXPECT_EQ(cell("hf://owner/repo").key, key);
  add("config.json", "{\"width\": 2}");
  const auto configured = cell("hf://owner/repo").key;
  EXPECT_NE(configured, key);
  add("model.safetensors", "other numbers");
  EXPECT_NE(cell("hf://owner/repo").key, configured);
}

TEST_F(HubWeights, of_a_file_enter_the_key_with_the_configuration_beside_it) {
  add("model.safetensors", "numbers");
  const auto bare = cell("hf://owner/repo/model.safetensors").key;
  add("config.json", "{}");
  const auto configured = cell("hf://owner/repo/model.safetensors").key;
  EXPECT_NE(configured, bare);
  world.folder.write("w.bin", "numbers");
  EXPECT_EQ(cell("w.bin").key, bare) << "the name and place do not count";
}

TEST_F(HubWeights, with_a_name_that_cannot_be_are_refused_where_they_are_written) {
  EXPECT_THAT(
      world.refused(std::string(one_encoder) + "[encoder.mel.options]\nweights = 'hf://a/../x'\n"),
      HasSubstr("x.toml:20:1: 'hf://a/../x': '..' is not the name"));
}

TEST_F(HubWeights, are_needed_by_the_cells_that_run) {
  const std::string end =
      "encoder = ['mel', 'other']\ntask = ['probe']\nseed = [0, 1]\n"
      "\"encoder.weights\" = ['hf://owner/repo', 'random']\n"
      "[encoder.other]\nuse = 'log_mel'\n[encoder.unused]\nuse = 'log_mel'\n"
      "options = { weights = 'hf://owner/unused' }\n";
  const auto all = needed(end);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].weights.source, "hf://owner/repo");
  EXPECT_THAT(all[0].users, ElementsAre("encoder mel", "encoder other"));
  EXPECT_EQ(all[1].weights.source, "random");
  Overrides only;
  only.only = {"encoder=other"};
  EXPECT_THAT(needed(end, only).at(0).users, ElementsAre("encoder other"));
  EXPECT_EQ(world.queries.listed, 0);
}

}  // namespace
}  // namespace earshot::host
