#include "host/schedule/git_state.hpp"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
using earshot::testing::TemporaryFolder;
using earshot::testing::write;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A repository with one commit of a.toml and sub/b.toml.
class GitState : public ::testing::Test {
 protected:
  GitState() { make(""); }

  void make(const std::string& options) {
    fs::remove_all(tree);
    write(tree / "a.toml", "one\n");
    write(tree / "sub" / "b.toml", "two\n");
    shell("git init -q " + options + " && git add . && git commit -q -m first");
  }

  /// Runs in the repository, without the git settings of the user who runs the tests.
  void shell(const std::string& command) const {
    const auto all = "cd '" + tree.string() +
                     "' && export HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 "
                     "GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a "
                     "GIT_COMMITTER_EMAIL=a@b && " +
                     command;
    ASSERT_EQ(std::system(all.c_str()), 0) << command;
  }

  std::string commit() const {
    shell("git rev-parse HEAD > ../commit");
    auto text = earshot::testing::text_of(folder / "commit");
    return text.substr(0, text.find('\n'));
  }

  /// A program that leaves a mark if it is executed.
  std::string trap() const {
    const auto file = folder / "trap";
    write(file, "#!/bin/sh\ntouch '" + mark().string() + "'\ncat\n");
    ::chmod(file.c_str(), 0700);
    return file.string();
  }
  fs::path mark() const { return folder / "ran"; }

  TemporaryFolder folder;
  fs::path tree = folder / "repository";
};

TEST_F(GitState, of_a_clean_tree_is_its_commit) {
  EXPECT_EQ(git_state(tree), protocol::Json({{"commit", commit()}, {"dirty", false}}));
  EXPECT_EQ(git_state(tree / "sub"), git_state(tree));
  shell("git pack-refs --all");
  EXPECT_EQ(git_state(tree).at("commit"), commit());
  shell("git checkout -q --detach");
  EXPECT_EQ(git_state(tree).at("commit"), commit());
}

TEST_F(GitState, of_a_changed_tree_has_the_changes_of_all_of_it_as_a_patch) {
  write(tree / "a.toml", "three\n");
  const auto state = git_state(tree / "sub");
  EXPECT_EQ(state.at("dirty"), true);
  EXPECT_THAT(state.at("diff").get<std::string>(),
              AllOf(HasSubstr("--- a/a.toml"), HasSubstr("-one\n+three")));
  EXPECT_EQ(state.at("diff_sha256").get<std::string>().size(), 64u);
  shell("git add a.toml");
  EXPECT_EQ(git_state(tree), state) << "staged or not";
}

TEST_F(GitState, is_null_outside_of_a_repository_and_before_its_first_commit) {
  const TemporaryFolder other;
  EXPECT_TRUE(git_state(other.path()).is_null());
  fs::remove_all(tree / ".git");
  shell("git init -q");
  EXPECT_TRUE(git_state(tree).is_null());
}

// Regression: reading the state of a repository ran programs that the repository configured.
TEST_F(GitState, runs_no_program_that_the_repository_configures) {
  const auto program = trap();
  write(tree / ".gitattributes", "*.toml filter=f diff=d\n");
  shell("git add . && git commit -q -m attributes");
  for (const std::string key :
       {"core.fsmonitor", "diff.external", "filter.f.clean", "filter.f.smudge", "filter.f.process",
        "diff.d.textconv", "diff.d.command", "core.pager", "core.sshCommand", "core.editor",
        "core.askPass", "gpg.program", "credential.helper", "uploadpack.packObjectsHook"})
    shell("git config " + key + " '" + program + "'");
  shell("git config alias.diff '!" + program +
        "'; git config core.hooksPath ../hooks; "
        "git config log.showSignature true; git config filter.f.required true");
  for (const char* hook : {"post-index-change", "fsmonitor-watchman", "query-watchman"}) {
    fs::create_directories(folder / "hooks");
    fs::copy_file(program, folder / "hooks" / hook);
  }
  write(tree / "a.toml", "four\n");
  fs::remove(mark());
  const auto state = git_state(tree);
  EXPECT_FALSE(fs::exists(mark()));
  EXPECT_THAT(state.at("diff").get<std::string>(), HasSubstr("-one\n+four"));
}

TEST_F(GitState, fetches_no_missing_objects_of_a_partial_clone) {
  const auto program = trap();
  write(tree / "a.toml", "five\n");
  shell(
      "git config extensions.partialClone origin; git config core.repositoryFormatVersion 1; "
      "git config remote.origin.promisor true; git config remote.origin.url 'ext::" +
      program + "'; git config protocol.ext.allow always; git config remote.origin.uploadpack '" +
      program + "'; rm -f .git/objects/$(git rev-parse HEAD:a.toml | sed 's|^..|&/|')");
  fs::remove(mark());
  const auto state = git_state(tree);
  EXPECT_FALSE(fs::exists(mark()));
  EXPECT_EQ(state.at("commit"), commit());
  EXPECT_TRUE(state.at("dirty").is_null()) << "nobody can tell";
}

TEST_F(GitState, runs_nothing_of_a_submodule) {
  const auto program = trap();
  shell(
      "git init -q module && cd module && git commit -q --allow-empty -m inner && cd .. && "
      "git add module 2> /dev/null && git commit -q -m outer && git -C module config "
      "core.fsmonitor '" +
      program + "' && touch module/new");
  fs::remove(mark());
  EXPECT_EQ(git_state(tree).at("dirty"), false);
  EXPECT_FALSE(fs::exists(mark()));
  shell("cd module && git -c core.fsmonitor= commit -q --allow-empty -m again");
  EXPECT_THAT(git_state(tree).at("diff").get<std::string>(), HasSubstr("Subproject commit"));
}

TEST_F(GitState, keeps_the_changes_whatever_the_user_configures) {
  write(tree / "a.toml", "six\n");
  const auto before = git_state(tree);
  const auto program = trap();
  write(folder / "home" / ".gitconfig", "[diff]\n\texternal = " + program + "\n");
  const std::string home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
  ::setenv("HOME", (folder / "home").c_str(), 1);
  ::setenv("GIT_EXTERNAL_DIFF", program.c_str(), 1);
  ::setenv("GIT_DIR", "/nonexistent", 1);
  EXPECT_EQ(git_state(tree), before);
  ::setenv("HOME", home.c_str(), 1);
  ::unsetenv("GIT_EXTERNAL_DIFF");
  ::unsetenv("GIT_DIR");
  EXPECT_FALSE(fs::exists(mark()));
}

TEST_F(GitState, of_linked_work_trees_split_indices_and_sha256) {
  shell("git worktree add -q ../linked");
  write(folder / "linked" / "a.toml", "seven\n");
  EXPECT_THAT(git_state(folder / "linked").at("diff").get<std::string>(), HasSubstr("+seven"));
  EXPECT_EQ(git_state(tree).at("dirty"), false);
  shell("git update-index --split-index");
  EXPECT_EQ(git_state(tree).at("dirty"), false);
  make("--object-format=sha256");
  EXPECT_EQ(git_state(tree).at("commit").get<std::string>().size(), 64u);
  EXPECT_EQ(git_state(tree).at("dirty"), false);
}

TEST_F(GitState, changes_nothing_in_the_repository) {
  shell("sleep 0.01; touch a.toml");  // its time differs from the index, its content does not
  const auto index = earshot::testing::text_of(tree / ".git" / "index");
  EXPECT_EQ(git_state(tree).at("dirty"), false);
  EXPECT_EQ(earshot::testing::text_of(tree / ".git" / "index"), index);
}

TEST_F(GitState, of_a_change_that_is_not_utf8_is_its_hash) {
  write(tree / "a.toml", "caf\xe9\n");
  const auto state = git_state(tree);
  EXPECT_EQ(state.at("dirty"), true);
  EXPECT_TRUE(state.contains("diff_sha256"));
  EXPECT_FALSE(state.contains("diff"));
  EXPECT_NO_THROW(protocol::canonical(state));
}

}  // namespace
}  // namespace earshot::host
