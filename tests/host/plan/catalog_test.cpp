#include "host/plan/catalog.hpp"

#include <cstdlib>

#include <gmock/gmock.h>

#include "support.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

struct Shelf {
  Folder folder{};
  ScriptedQueries queries{};
  HashCache hashes{folder / "cache"};
  std::vector<std::string> files{};

  void add(const std::string& file, const Json& answer) {
    files.push_back(folder.write(file, file));
    queries.plugins[std::filesystem::path(file).filename().string()] = answer;
  }
  Catalog catalog() { return {files, queries, hashes}; }
};

template <class Action>
std::pair<ExitCode, std::string> failure(Action action) {
  try {
    action();
  } catch (const Failure& failure) {
    return {failure.code(), failure.what()};
  }
  return {ExitCode::ok, "no failure"};
}

TEST(Catalog, finds_components_by_short_and_long_id) {
  Shelf shelf;
  shelf.add("a.so", plugin("a", "encoder", {{"mel", {}}}));
  shelf.add("b.so", plugin("b", "evaluator", {{"mel", {}}}));
  const auto catalog = shelf.catalog();
  EXPECT_EQ(catalog.find("encoder", "mel", "x").id(), "a/mel");
  EXPECT_EQ(catalog.find("evaluator", "b/mel", "x").plugin->sha256,
            protocol::sha256(std::string_view("b.so")));
}

TEST(Catalog, refuses_an_ambiguous_id_with_all_that_it_may_mean) {
  Shelf shelf;
  shelf.add("a.so", plugin("a", "encoder", {{"mel", {}}}));
  shelf.add("b.so", plugin("b", "encoder", {{"mel", {}}}));
  const auto catalog = shelf.catalog();
  EXPECT_EQ(failure([&] { catalog.find("encoder", "mel", "x.toml:1:2"); }),
            std::pair(ExitCode::usage, std::string("x.toml:1:2: 'mel' is the name of 2 encoders; "
                                                   "allowed: 'a/mel', 'b/mel'")));
  EXPECT_EQ(catalog.find("encoder", "b/mel", "x").id(), "b/mel");
}

TEST(Catalog, refuses_both_plugins_of_one_name) {
  Shelf shelf;
  shelf.add("one/a.so", plugin("same", "encoder", {{"mel", {}}}));
  shelf.add("two/b.so", plugin("same", "encoder", {{"mel", {}}}));
  shelf.add("c.so", plugin("c", "encoder", {{"other", {}}}));
  const auto catalog = shelf.catalog();
  EXPECT_THAT(catalog.plugins(), SizeIs(1));
  ASSERT_THAT(catalog.refused(), SizeIs(2));
  EXPECT_EQ(catalog.refused()[0].path, shelf.files[0]);
  EXPECT_EQ(catalog.refused()[0].reason, "the plugin name 'same' is also used by " +
                                             shelf.files[1] +
                                             "; names must be unique. Remove or rename one");
  EXPECT_EQ(catalog.find("encoder", "other", "x").id(), "c/other");
  EXPECT_EQ(failure([&] { catalog.find("encoder", "mel", "x.toml:1:2"); }),
            std::pair(ExitCode::plugin_refused,
                      "x.toml:1:2: the plugin of encoder 'mel' was refused: " + shelf.files[0] +
                          ": " + catalog.refused()[0].reason));
}

TEST(Catalog, goes_on_without_a_plugin_that_crashes) {
  Shelf shelf;
  shelf.add("crash.so", {{"refused", "it crashed"}});
  shelf.add("b.so", plugin("b", "encoder", {{"mel", {}}}));
  const auto catalog = shelf.catalog();
  EXPECT_EQ(catalog.find("encoder", "mel", "x").id(), "b/mel");
  ASSERT_THAT(catalog.refused(), SizeIs(1));
  EXPECT_EQ(failure([&] { catalog.find("encoder", "crash", "x"); }).first,
            ExitCode::plugin_refused);
  EXPECT_EQ(failure([&] { catalog.find("encoder", "mell", "x"); }).first, ExitCode::usage);
}

TEST(PluginFiles, are_found_one_level_deep_in_each_folder_by_name) {
  Folder folder;
  const auto b = folder.write("first/b.so", ""), a = folder.write("first/a.so", ""),
             c = folder.write("first/sub/c.so", ""), d = folder.write("second/d.so", "");
  folder.write("first/sub/sub/e.so", "");
  folder.write("first/notes.txt", "");
  ::setenv("EARSHOT_PLUGIN_PATH",
           ((folder / "second").string() + ":" + (folder / "none").string()).c_str(), 1);
  auto files = plugin_files({(folder / "first").string()});
  ::unsetenv("EARSHOT_PLUGIN_PATH");
  std::erase_if(files, [&](const auto& file) { return !file.starts_with(folder.path().string()); });
  EXPECT_THAT(files, ElementsAre(a, b, c, d));
}

TEST(PluginFiles, refuse_a_folder_that_is_not_there) {
  EXPECT_EQ(failure([] { plugin_files({"/no/such"}); }),
            std::pair(ExitCode::usage, std::string("--plugin-path /no/such: there is no such "
                                                   "folder; expected one with plugins")));
}

}  // namespace
}  // namespace earshot::host
